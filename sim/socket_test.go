package sim

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func unixDaemon(t *testing.T, path string) (*Daemon, error) {
	t.Helper()
	cfg := daemonConfig("v0.0.99")
	cfg.Network, cfg.Address, cfg.Speed = "unix", path, 1000
	return StartDaemon(cfg)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestADeadUnixSocketIsRemovedAndALiveOneNever(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	d, err := unixDaemon(t, path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := unixDaemon(t, path); !errors.Is(err, ErrAddressInUse) {
		t.Fatalf("beside a living daemon: %v", err)
	}
	greeted(t, d).echoes(1)

	d.Kill() // as kill −9: the file stays
	if !exists(path) {
		t.Fatal("a killed daemon has removed its socket")
	}
	successor, err := unixDaemon(t, path)
	if err != nil {
		t.Fatal(err)
	}
	greeted(t, successor).echoes(2)
	if err := d.Start(); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("start beside the successor: %v", err)
	}
	if err := successor.Close(); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("Close leaves its socket")
	}
}

func TestCloseLeavesASocketThatIsAnothers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	d, err := unixDaemon(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+"-moved"); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if !exists(path) {
		t.Error("Close has removed another's socket")
	}
}

func TestAFileThatIsNoSocketIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := unixDaemon(t, path); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("%q, %v", b, err)
	}
}
