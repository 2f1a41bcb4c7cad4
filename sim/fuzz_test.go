package sim

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// No bytes of a client may panic the look-alike, whatever the real one does.
func FuzzNoBytesOfAClientPanicTheDaemon(f *testing.F) {
	f.Add(true, []byte("\x00\x00\x00\x01\xa0"))
	f.Add(false, []byte("\x00\x00\x00\x01\xf6"))
	f.Add(true, []byte("\x00\x00\x00\x0d\xa1\x6bnew_keypair\xa0"))
	f.Add(true, []byte("\x00\x00\x00\x0c\xa1\x6athin_close"))
	f.Add(true, []byte("\x00\x00\x00\x24\xa1\x78\x19get_directory_authorities\xa1\x61x\x01"))
	for _, version := range versions {
		dialect, err := wire.DialectOf(version)
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range []wire.Request{
			{SendMessage: &wire.SendMessage{WithSURB: true, SURBID: &wire.ID{1}, Destination: &wire.Hash{}, Recipient: []byte("+echo")}},
			{SessionToken: &wire.SessionToken{}}, {GetPKIDocument: &wire.GetPKIDocument{}}, {ThinClose: true},
		} {
			if item, err := dialect.AppendRequest(nil, r); err == nil {
				frame, err := wire.AppendFrame(nil, item)
				if err != nil {
					f.Fatal(err)
				}
				f.Add(dialect.Session, append(frame, frame...))
			}
		}
	}
	f.Fuzz(func(t *testing.T, isNew bool, frames []byte) {
		cfg := daemonConfig("v0.0.55")
		if isNew {
			cfg.Version = "v0.0.99"
		}
		cfg.Network, cfg.Speed = "pipe", 1e5
		d, err := StartDaemon(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		c, err := d.Dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		drained := make(chan struct{})
		go func() {
			io.Copy(io.Discard, c)
			close(drained)
		}()
		c.SetWriteDeadline(time.Now().Add(10 * time.Second))
		c.Write(frames) // fails where the daemon hangs up
		c.Close()
		<-drained
	})
}
