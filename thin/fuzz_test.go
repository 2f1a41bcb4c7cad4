package thin

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// FuzzSession lets a daemon say anything: the client neither panics nor leaves
// a goroutine behind (synctest waits for all), every reason is typed, and no
// event is out of order.
func FuzzSession(f *testing.F) {
	var file string
	var stream []byte
	for _, r := range recordedFrames(f) {
		if r.file != file && stream != nil {
			f.Add(stream)
			stream = nil
		}
		file = r.file
		frame, err := wire.AppendFrame(nil, r.item)
		if err != nil {
			f.Fatal(err)
		}
		stream = append(stream, frame...)
	}
	f.Add(stream)
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		synctest.Test(t, func(t *testing.T) {
			d := newDaemon(t, wire.Dialect{})
			c, s := d.client(func(c *Config) { c.MaxFrame = 1 << 20 })
			p := d.accept()
			go io.Copy(io.Discard, p.conn)
			p.conn.Write(stream)
			synctest.Wait()
			p.conn.Close()
			synctest.Wait()
			checkReason(t, c.Health().Reason)
			go func() {
				p := d.accept()
				io.Copy(io.Discard, p.conn)
			}()
			time.Sleep(2 * time.Second)
			c.Close()
			checkEvents(t, s)
		})
	})
}

func checkReason(t *testing.T, err error) {
	t.Helper()
	var link *LinkError
	var wrong *wire.DecodeError
	switch {
	case !errors.As(err, &link):
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, wire.ErrFrameEmpty), errors.Is(err, wire.ErrFrameTooLarge), errors.As(err, &wrong),
		errors.Is(err, ErrShutdown), errors.Is(err, io.ErrClosedPipe):
		return
	}
	t.Errorf("reason %T %v", err, err)
}

func checkEvents(t *testing.T, s *Subscription) {
	t.Helper()
	up := false
	var epoch uint64
	for {
		e, err := s.Next(t.Context())
		if err != nil {
			if !errors.Is(err, ErrClosed) || up {
				t.Fatalf("ended with %v, up %v", err, up)
			}
			return
		}
		switch e := e.(type) {
		case Up:
			if up || epoch == 0 || e.Same {
				t.Fatalf("%+v after epoch %d, up %v", e, epoch, up)
			}
			up = true
		case Down:
			if !up {
				t.Fatalf("%+v without Up", e)
			}
			up = false
		case NewDocument:
			if e.Epoch == 0 || e.Epoch == epoch {
				t.Fatalf("epoch %d after %d", e.Epoch, epoch)
			}
			epoch = e.Epoch
		case GatewayDown:
			if !up {
				t.Fatalf("%+v without Up", e)
			}
		case MessageSent:
			if e.ETA < 0 || e.ETA > wire.MaxETA {
				t.Fatalf("%+v", e)
			}
		}
	}
}
