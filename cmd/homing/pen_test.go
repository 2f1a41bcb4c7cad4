package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

func missedLines(n int64) string { return fmt.Sprintf("%d lines missing\n", n) }

func TestAPenWritesEveryLineInItsOrder(t *testing.T) {
	var out, want bytes.Buffer
	p := newPen(&out, missedLines)
	for i := range 1000 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		p.write(line)
	}
	p.close()
	p.close()
	if out.String() != want.String() {
		t.Errorf("%d bytes, want %d", out.Len(), want.Len())
	}
}

func TestNobodyWaitsForAnOutputThatIsNotRead(t *testing.T) {
	r, w := io.Pipe()
	p := newPen(w, missedLines)
	for range 3 * penLines {
		p.write("a line\n")
	}
	p.close() // gives up
	read := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		read <- string(b)
	}()
	<-p.done // it is read at last
	w.Close()
	out := <-read
	if shown := strings.Count(out, "a line\n"); shown < penLines || shown > penLines+2 || !strings.Contains(out, "lines missing\n") {
		t.Errorf("%d lines shown of %d, %d can wait; notice: %v", shown, 3*penLines, penLines, strings.Contains(out, "missing"))
	}
}
