package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homing-mix/homing/sim"
)

const geometries = `
[SphinxGeometry]
PacketLength = 3082
NrHops = 5
HeaderLength = 476
RoutingInfoLength = 410
PerHopRoutingInfoLength = 82
SURBLength = 572
SphinxPlaintextHeaderLength = 2
PayloadTagLength = 32
ForwardPayloadLength = 2574
UserForwardPayloadLength = 2000
NextNodeHopLength = 65
SPRPKeyMaterialLength = 64
NIKEName = "x25519"
KEMName = ""

[PigeonholeGeometry]
MaxPlaintextPayloadLength = 1553
CourierQueryReadLength = 359
CourierQueryWriteLength = 2000
CourierQueryReplyReadLength = 1698
CourierQueryReplyWriteLength = 50
NIKEName = "CTIDH1024-X25519"
SignatureSchemeName = "Ed25519"
`

// generations are the configuration files of the official clients; %s is the address.
var generations = []struct{ name, version, network, text string }{
	{"up to v0.0.72", "v0.0.55", "tcp", "Network = \"tcp\"\nAddress = %q\n" + geometries},
	{"up to v0.0.75", "v0.0.55", "tcp", geometries + "[Dial.Tcp]\nNetwork = \"tcp\"\nAddress = %q\n"},
	{"from v0.0.76", "v0.0.99", "tcp", "[Dial]\n[Dial.Tcp]\nAddress = %q\nNetwork = \"tcp\"\n"},
	{"from v0.0.76, unix", "v0.0.99", "unix", "[Dial.Unix]\nAddress = %q\n"},
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "thinclient.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheConfigurationFileOfEveryGenerationLeadsToTheDaemon(t *testing.T) {
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			cfg := sim.DaemonConfig{Network: g.network, Version: g.version}
			if g.network == "unix" {
				dir, err := os.MkdirTemp("", "homing") // t.TempDir is too long for a socket on some systems
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(dir) })
				cfg.Address = filepath.Join(dir, "s")
			}
			d := stand(t, cfg)
			path := write(t, fmt.Sprintf(g.text, d.Addr()))
			code, stdout, stderr := call(t, "ping", "-c", "2", "--config", path)
			if code != exitAnswered || stderr != "" || !strings.Contains(stdout, "2 of 2 answered") {
				t.Errorf("exit code %d, stderr %q:\n%s", code, stderr, stdout)
			}
		})
	}
}

func TestAnUnknownKeyIsReportedAndIgnored(t *testing.T) {
	d := stand(t, sim.DaemonConfig{})
	path := write(t, fmt.Sprintf("Colour = 1\n[Dial.Tcp]\nAddress = %q\nTimeout = 3\n[Other]\nx = 1\n", d.Addr()))
	code, _, stderr := call(t, "ping", "-c", "1", "--config", path)
	if code != exitAnswered {
		t.Errorf("exit code %d", code)
	}
	for _, key := range []string{"Colour", "Dial.Tcp.Timeout", "Other.x"} {
		if !strings.Contains(stderr, "warning: "+path+": "+key+" is unknown here and ignored\n") {
			t.Errorf("%s was passed over in silence:\n%s", key, stderr)
		}
	}
}

func TestTheGeometryOfTheFileBoundsTheSize(t *testing.T) {
	path := write(t, strings.Replace("Network = \"tcp\"\nAddress = \"h:1\"\n"+geometries, "UserForwardPayloadLength = 2000", "UserForwardPayloadLength = 500", 1))
	code, _, stderr := call(t, "ping", "--size", "497", "--config", path)
	if code != exitUsage || !strings.Contains(stderr, "--size 497: want at most 496") {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
}

func TestTheGeometryOfTheFileHoldsForADaemonThatDoesNotTellIts(t *testing.T) {
	d := stand(t, sim.DaemonConfig{Version: "v0.0.55"})
	larger := strings.Replace(geometries, "UserForwardPayloadLength = 2000", "UserForwardPayloadLength = 3000", 1)
	path := write(t, fmt.Sprintf("Network = \"tcp\"\nAddress = %q\n%s", d.Addr(), larger))
	code, stdout, _ := call(t, "ping", "-c", "1", "--size", "2500", "--config", path)
	// The packet was let through to the daemon, whose network is smaller than the file claims.
	if code != exitUnanswered || !strings.Contains(stdout, "the daemon rejects the message") || !strings.Contains(stdout, "message too large") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestWhatTheDaemonSaysBoundsTheSizeWhereTheFileDoesNot(t *testing.T) {
	d := stand(t, sim.DaemonConfig{})
	code, stdout, stderr := call(t, "ping", "--size", "1997", "--daemon", "tcp://"+d.Addr().String())
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, "--size 1997: ") || !strings.Contains(stderr, "at most 1996") {
		t.Errorf("exit code %d, stdout %q:\n%s", code, stdout, stderr)
	}
}

func TestAConfigurationFileThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	for text, says := range map[string]string{
		"":                                    "it names no daemon",
		"Network = \"tcp\"":                   "Address is empty",
		"[Dial.Tcp]\nAddress = \"localhost\"": "tcp://localhost: want host:port",
		"[Dial.Unix]\nAddress = \"relative\"": "unix://relative: want the absolute path",
		"[Dial.Ws]\nAddress = \"http://x\"":   "want ws://host:port",
		"[Dial.Unix":                          "expected",
		"[SphinxGeometry]\nUserForwardPayloadLength=-1\n[Dial.Unix]\nAddress=\"/x\"": "UserForwardPayloadLength -1",
	} {
		path := write(t, text)
		code, stdout, stderr := call(t, "ping", "--config", path)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, says) || !strings.Contains(stderr, path) {
			t.Errorf("%.60q: exit code %d, want it refused with %q, stdout %q, stderr:\n%s", text, code, says, stdout, stderr)
		}
	}
}
