package main

import (
	"encoding/binary"
	"net"

	"github.com/homing-mix/homing/thin/wire"
)

// tap is a connection whose frames are shown as they pass. Each direction is
// shown from the goroutine that reads or writes; what is shown is valid during
// the call.
type tap struct {
	net.Conn
	read, written frames
	closed        func() // nil: nobody wants to know; may be called more than once
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.read.take(p[:n])
	return n, err
}

// Write shows before it writes: what the other end does about it is seen later.
func (t *tap) Write(p []byte) (int, error) {
	t.written.take(p)
	return t.Conn.Write(p)
}

func (t *tap) Close() error {
	err := t.Conn.Close()
	if t.closed != nil {
		t.closed()
	}
	return err
}

// shownFrame is the largest frame that is shown with its bytes.
const shownFrame = 64 << 10

// frames cuts a stream into the items of its frames. A stream that has shown a
// length which cannot be is looked at no more.
type frames struct {
	show func(item []byte, size int) // item is nil if it is larger than shownFrame; nil: nobody looks

	prefix []byte
	size   int // of the frame under way; 0 none
	left   int // of its bytes
	item   []byte
	lost   bool
}

func (f *frames) take(p []byte) {
	for len(p) > 0 && f.show != nil && !f.lost {
		if f.size == 0 {
			n := min(len(p), 4-len(f.prefix))
			f.prefix = append(f.prefix, p[:n]...)
			p = p[n:]
			if len(f.prefix) < 4 {
				return
			}
			announced := binary.BigEndian.Uint32(f.prefix)
			f.prefix = f.prefix[:0]
			if announced == 0 || announced > wire.MaxFrame {
				f.lost = true
				return
			}
			f.size, f.left, f.item = int(announced), int(announced), f.item[:0]
		}
		n := min(len(p), f.left)
		if f.size <= shownFrame {
			f.item = append(f.item, p[:n]...)
		}
		p, f.left = p[n:], f.left-n
		if f.left > 0 {
			return
		}
		item := f.item
		if f.size > shownFrame {
			item = nil
		}
		f.show(item, f.size)
		f.size = 0
	}
}
