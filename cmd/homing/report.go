package main

import (
	"fmt"
	"io"
)

// report is told what happens, in order and from one goroutine. Its errors are
// those of the output.
type report interface {
	begin(d *daemon, version string)
	message(o outcome) error
	progress(p progress)
	note(text string) // for people, on stderr
	totals(t totals) error
}

// output is a writer that remembers its first error.
type output struct {
	w   io.Writer
	err error
}

func (o *output) printf(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}
