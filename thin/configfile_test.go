package thin

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/homing-mix/homing/thin/wire"
)

const flatFile = `Network = "tcp"
Address = "localhost:64331"

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

var (
	referenceSphinx = wire.SphinxGeometry{
		PacketLength: 3082, NrHops: 5, HeaderLength: 476, RoutingInfoLength: 410, PerHopRoutingInfoLength: 82,
		SURBLength: 572, SphinxPlaintextHeaderLength: 2, PayloadTagLength: 32, ForwardPayloadLength: 2574,
		UserForwardPayloadLength: 2000, NextNodeHopLength: 65, SPRPKeyMaterialLength: 64, NIKEName: "x25519",
	}
	referencePigeonhole = wire.PigeonholeGeometry{
		MaxPlaintextPayloadLength: 1553, CourierQueryReadLength: 359, CourierQueryWriteLength: 2000,
		CourierQueryReplyReadLength: 1698, CourierQueryReplyWriteLength: 50,
		NIKEName: "CTIDH1024-X25519", SignatureSchemeName: "Ed25519",
	}
)

// geometries is the part that the second generation has in common with the
// first.
func geometries() string { return flatFile[strings.Index(flatFile, "["):] }

func TestConfigurationFilesOfEveryGenerationAreLoaded(t *testing.T) {
	for _, c := range []struct {
		name, text       string
		generation       ConfigGeneration
		network, address string
	}{
		{"flat", flatFile, ConfigFlat, "tcp", "localhost:64331"},
		{"flat, unix", strings.NewReplacer(`"tcp"`, `"unix"`, "localhost:64331", "/run/kp.sock").Replace(flatFile), ConfigFlat, "unix", "/run/kp.sock"},
		{"flat, no geometry", flatFile[:strings.Index(flatFile, "[")], ConfigFlat, "tcp", "localhost:64331"},
		{"geometry, tcp", geometries() + "[Dial.Tcp]\nAddress = \"h:1\"\nNetwork = \"tcp6\"\n", ConfigGeometry, "tcp6", "h:1"},
		{"geometry, unix", "[Dial.Unix]\nAddress = \"/s\"\n" + geometries(), ConfigGeometry, "unix", "/s"},
		{"dial, tcp", "[Dial]\n[Dial.Tcp]\nAddress = \"h:1\"\n", ConfigDial, "tcp", "h:1"},
		{"dial, unix", "[Dial.Unix]\nAddress = \"@abstract\"\n", ConfigDial, "unix", "@abstract"},
		{"dial, ws", "[Dial.Ws]\nAddress = \"ws://h:1/\"\n", ConfigDial, "ws", "ws://h:1/"},
	} {
		path := filepath.Join(t.TempDir(), "thinclient.toml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		config, file, err := LoadConfig(path)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if file.Generation != c.generation || config.Network != c.network || config.Address != c.address || len(file.Unknown) > 0 {
			t.Errorf("%s: %+v", c.name, file)
		}
		if has := strings.Contains(c.text, "SphinxGeometry"); has &&
			(*config.Geometry != referenceSphinx || *file.Pigeonhole != referencePigeonhole) || has != (config.Geometry != nil) {
			t.Errorf("%s: geometries %+v, %+v", c.name, config.Geometry, file.Pigeonhole)
		}
	}
}

func TestUnknownKeysOfAConfigurationFileAreReported(t *testing.T) {
	file, err := ParseConfig([]byte("Colour = \"blue\"\n[Dial.Tcp]\nAddress = \"h:1\"\nPort = 7\n[Later]\nKey = 1\n"))
	if err != nil || !slices.Equal(file.Unknown, []string{"Colour", "Dial.Tcp.Port", "Later", "Later.Key"}) {
		t.Errorf("%q, %v", file.Unknown, err)
	}
}

func TestAConfigurationFileThatNamesNoDaemonIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty":          "",
		"no TOML":        "Network",
		"no dial":        geometries(),
		"empty dial":     "[Dial]\n",
		"two transports": "[Dial.Tcp]\nAddress = \"h:1\"\n[Dial.Unix]\nAddress = \"/s\"\n",
		"two layouts":    "Address = \"h:1\"\n[Dial.Unix]\nAddress = \"/s\"\n",
		"no address":     "[Dial.Tcp]\n",
		"no network":     "Address = \"h:1\"\n",
		"network":        "Network = \"carrier pigeon\"\nAddress = \"h:1\"\n",
		"flat ws":        "Network = \"ws\"\nAddress = \"ws://h:1\"\n",
		"tcp network":    "[Dial.Tcp]\nAddress = \"h:1\"\nNetwork = \"unix\"\n",
		"ws without URL": "[Dial.Ws]\nAddress = \"h:1\"\n",
		"type":           "[Dial.Tcp]\nAddress = 7\n",
		"geometry":       "[SphinxGeometry]\nNrHops = 5\n[Dial.Tcp]\nAddress = \"h:1\"\n",
		"a number of 2^64": "[SphinxGeometry]\nUserForwardPayloadLength = 18446744073709551616\n" +
			"[Dial.Tcp]\nAddress = \"h:1\"\n",
		"nesting":     "x = " + strings.Repeat("[", 1000),
		"deep tables": strings.Repeat("["+strings.Repeat("x.", 500)+"x]\n", 15),
		"deep keys":   "x" + strings.Repeat(".x", 500) + " = 1",
		"a long line": strings.Repeat("#", maxConfigLine+1),
		"size":        strings.Repeat("#\n", maxConfigFile/2+1),
	} {
		if file, err := ParseConfig([]byte(text)); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %+v, %v", name, file, err)
		}
	}
	if _, _, err := LoadConfig(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	path := filepath.Join(t.TempDir(), "thinclient.toml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadConfig(path); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), path) {
		t.Errorf("empty: %v", err)
	}
}

func TestWrittenConfigurationFilesLoadAsTheyWere(t *testing.T) {
	for _, g := range []ConfigGeneration{ConfigFlat, ConfigGeometry, ConfigDial} {
		for network, address := range map[string]string{
			"tcp": "localhost:64331", "tcp4": "127.0.0.1:1", "unix": "/run/a \"b\"\\c.sock", "ws": "ws://h:1/",
		} {
			want := ConfigFile{Generation: g, Network: network, Address: address}
			if g != ConfigDial {
				want.Sphinx, want.Pigeonhole = &referenceSphinx, &referencePigeonhole
			}
			path := filepath.Join(t.TempDir(), "thinclient.toml")
			err := WriteConfig(path, want)
			if network == "ws" && g != ConfigDial {
				if !errors.Is(err, ErrConfig) {
					t.Errorf("%v %s: %v", g, network, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v %s: %v", g, network, err)
				continue
			}
			if _, got, err := LoadConfig(path); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %s: %+v, %v", g, network, got, err)
			}
		}
	}
}

func TestWrittenConfigurationFilesAreThoseOfTheOfficialClients(t *testing.T) {
	dial := "[Dial]\n[Dial.Tcp]\nAddress = \"localhost:64331\"\nNetwork = \"tcp\"\n"
	for g, want := range map[ConfigGeneration]string{
		ConfigFlat: flatFile, ConfigGeometry: geometries() + dial, ConfigDial: dial,
	} {
		// The geometries are there in any case: those of a daemon that has them.
		f := ConfigFile{Generation: g, Network: "tcp", Address: "localhost:64331", Sphinx: &referenceSphinx, Pigeonhole: &referencePigeonhole}
		got, err := AppendConfig([]byte("kept"), f)
		text, ok := strings.CutPrefix(string(got), "kept")
		if squeezed(text) != squeezed(want) || err != nil || !ok {
			t.Errorf("generation %d, %v:\n%s", g, err, got)
		}
	}
}

// squeezed drops empty lines.
func squeezed(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n\n", "\n") }

func TestNoConfigurationFileIsWrittenThatTheOfficialClientRefuses(t *testing.T) {
	good := ConfigFile{Generation: ConfigFlat, Network: "tcp", Address: "h:1", Sphinx: &referenceSphinx, Pigeonhole: &referencePigeonhole}
	for name, spoil := range map[string]func(*ConfigFile){
		"generation": func(f *ConfigFile) { f.Generation = 0 },
		"later one":  func(f *ConfigFile) { f.Generation = 4 },
		"sphinx":     func(f *ConfigFile) { f.Sphinx = nil },
		"pigeonhole": func(f *ConfigFile) { f.Pigeonhole = nil },
		"network":    func(f *ConfigFile) { f.Network = "" },
		"address":    func(f *ConfigFile) { f.Address = "" },
		"long":       func(f *ConfigFile) { f.Address = strings.Repeat("h", maxConfigLine) },
		"URL":        func(f *ConfigFile) { f.Generation, f.Network = ConfigDial, "ws" },
	} {
		f := good
		spoil(&f)
		if b, err := AppendConfig([]byte("kept"), f); !errors.Is(err, ErrConfig) || string(b) != "kept" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := WriteConfig(filepath.Join(t.TempDir(), "f"), f); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryVersionHasItsGenerationOfConfigurationFile(t *testing.T) {
	for tag, want := range map[string]ConfigGeneration{
		"v0.0.55": ConfigFlat, "v0.0.72": ConfigFlat, "v0.0.73": ConfigGeometry, "v0.0.75": ConfigGeometry,
		"v0.0.76": ConfigDial, "v0.0.99": ConfigDial, "v0.1.0": ConfigDial,
	} {
		if got := ConfigGenerationOf(dialect(t, tag).Version); got != want {
			t.Errorf("%s: %d", tag, got)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(flatFile))
	f.Add([]byte(geometries() + "[Dial.Unix]\nAddress = \"/s\"\n"))
	f.Add([]byte("[Dial.Ws]\nAddress = \"ws://h:1\"\nOther = 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ParseConfig(text)
		if err != nil {
			if !errors.Is(err, ErrConfig) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		written, err := AppendConfig(nil, file)
		if err != nil {
			if !errors.Is(err, ErrConfig) {
				t.Fatal(err)
			}
			return // which official clients of that generation would refuse
		}
		again, err := ParseConfig(written)
		file.Unknown = nil
		if err != nil || !reflect.DeepEqual(again, file) {
			t.Fatalf("%v\n%+v\n%+v\n%s", err, file, again, written)
		}
	})
}
