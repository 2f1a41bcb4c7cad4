package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress is where the series is.
type progress struct {
	delivered, count, outstanding int
	sends                         uint64
	drawn                         *drawn
	elapsed                       time.Duration
	link                          link
}

func (p progress) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d answered, %d outstanding, %d sends", p.delivered, p.count, p.outstanding, p.sends)
	if p.drawn != nil {
		fmt.Fprintf(&b, ", %d lost, %.0f s virtual", p.drawn.lost(), p.elapsed.Seconds())
	} else {
		fmt.Fprintf(&b, ", %.0f s", p.elapsed.Seconds())
	}
	switch p.link {
	case linkAway:
		b.WriteString(", no gateway")
	case linkMissing:
		b.WriteString(", no link")
	}
	return b.String()
}

// liveLine is a line on a terminal that is written over. It has no colour, so
// there is none to switch off.
type liveLine struct {
	w     io.Writer // nil: there is no terminal
	drawn bool
}

// Terminal sequences: to the first column, clear to the right, and line wrap
// off and on, so that a narrow terminal shows less instead of a second line.
const (
	erase   = "\r\x1b[K"
	wrapOff = "\x1b[?7l"
	wrapOn  = "\x1b[?7h"
)

func (l *liveLine) draw(text string) {
	if l.w != nil {
		fmt.Fprint(l.w, erase+wrapOff+text+wrapOn)
		l.drawn = true
	}
}

func (l *liveLine) clear() {
	if l.drawn {
		fmt.Fprint(l.w, erase)
		l.drawn = false
	}
}

// isTerminal reports whether w is a character device that a person looks at.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
