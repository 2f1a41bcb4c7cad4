package thin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/BurntSushi/toml"

	"github.com/homing-mix/homing/thin/wire"
)

// ConfigGeneration is one of the layouts that the configuration file of the
// official clients, thinclient.toml, has had.
type ConfigGeneration int

const (
	// ConfigFlat, up to v0.0.72: Network and Address, and both geometries.
	ConfigFlat ConfigGeneration = iota + 1
	// ConfigGeometry, v0.0.73 to v0.0.75: both geometries, and Dial.Tcp or
	// Dial.Unix.
	ConfigGeometry
	// ConfigDial, from v0.0.76 on: Dial.Tcp, Dial.Unix or, from v0.0.93 on,
	// Dial.Ws, and nothing else.
	ConfigDial
)

// ConfigGenerationOf returns the layout that the official client of a version
// reads.
func ConfigGenerationOf(v wire.Version) ConfigGeneration {
	switch {
	case v.AtLeast(wire.Version{Patch: 76}):
		return ConfigDial
	case v.AtLeast(wire.Version{Patch: 73}):
		return ConfigGeometry
	}
	return ConfigFlat
}

// ConfigFile is what a thinclient.toml says.
type ConfigFile struct {
	Generation       ConfigGeneration
	Network, Address string                   // as in Config
	Sphinx           *wire.SphinxGeometry     // nil if the file has none
	Pigeonhole       *wire.PigeonholeGeometry // nil if the file has none

	// Unknown are the keys that no generation has, as "Dial.Tcp.Port", in the
	// order of the file. They are ignored here; official clients from v0.0.73 on
	// refuse the file. AppendConfig does not write them.
	Unknown []string
}

// Config returns the Config of the file.
func (f *ConfigFile) Config() Config {
	return Config{Network: f.Network, Address: f.Address, Geometry: f.Sphinx}
}

// configShape is the union of all generations.
type configShape struct {
	Network            string `toml:",omitempty"`
	Address            string `toml:",omitempty"`
	SphinxGeometry     *wire.SphinxGeometry
	PigeonholeGeometry *wire.PigeonholeGeometry
	Dial               *dialShape
}

type dialShape struct {
	Tcp  *tcpShape
	Unix *addressShape
	Ws   *addressShape
}

type tcpShape struct {
	Address string
	Network string `toml:",omitempty"` // empty is "tcp"
}

type addressShape struct{ Address string }

// Bounds in bytes, many times what a configuration file holds. The parser takes
// time with the square of the length of a key.
const (
	maxConfigFile = 16 << 10
	maxConfigLine = 1 << 10
)

// LoadConfig reads a configuration file of the official clients, of any
// generation. It returns the error of the file system, or ErrConfig with the
// path and what to change.
func LoadConfig(path string) (Config, ConfigFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, ConfigFile{}, fmt.Errorf("thin: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err != nil {
		return Config{}, ConfigFile{}, fmt.Errorf("thin: %w", err)
	}
	file, err := ParseConfig(text)
	if err != nil {
		return Config{}, ConfigFile{}, fmt.Errorf("%w (in %s)", err, path)
	}
	return file.Config(), file, nil
}

// ParseConfig is LoadConfig for the text of a file. It returns ErrConfig with
// what to change.
func ParseConfig(text []byte) (ConfigFile, error) {
	if len(text) > maxConfigFile {
		return ConfigFile{}, fmt.Errorf("%w: more than %d bytes are no thinclient.toml", ErrConfig, maxConfigFile)
	}
	for line := range bytes.Lines(text) {
		if len(line) > maxConfigLine {
			return ConfigFile{}, fmt.Errorf("%w: a line of more than %d bytes is of no thinclient.toml", ErrConfig, maxConfigLine)
		}
	}
	var shape configShape
	known, err := toml.NewDecoder(bytes.NewReader(text)).Decode(&shape)
	if err != nil {
		return ConfigFile{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	file, err := shape.file()
	if err != nil {
		return ConfigFile{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	for _, key := range known.Undecoded() {
		file.Unknown = append(file.Unknown, key.String())
	}
	if _, err := file.Config().completed(); err != nil {
		return ConfigFile{}, err
	}
	return file, nil
}

func (s *configShape) file() (ConfigFile, error) {
	f := ConfigFile{Network: s.Network, Address: s.Address, Sphinx: s.SphinxGeometry, Pigeonhole: s.PigeonholeGeometry}
	flat := s.Network != "" || s.Address != ""
	switch {
	case flat && s.Dial != nil:
		return f, errors.New("it has both Network or Address and [Dial]: keep one")
	case flat:
		f.Generation = ConfigFlat
		if f.Network == "ws" {
			return f, errors.New(`its Network "ws" is only known as [Dial.Ws]`)
		}
		return f, nil
	case s.Dial == nil:
		return f, errors.New("it names no daemon: want [Dial.Tcp], [Dial.Unix] or [Dial.Ws], or Network and Address")
	}
	f.Generation = ConfigDial
	if s.SphinxGeometry != nil || s.PigeonholeGeometry != nil {
		f.Generation = ConfigGeometry
	}
	n := 0
	if d := s.Dial.Tcp; d != nil {
		n++
		f.Network, f.Address = d.Network, d.Address
		switch f.Network {
		case "":
			f.Network = "tcp"
		case "tcp", "tcp4", "tcp6":
		default:
			return f, fmt.Errorf("Dial.Tcp.Network %q: want tcp, tcp4 or tcp6", f.Network)
		}
	}
	if d := s.Dial.Unix; d != nil {
		n++
		f.Network, f.Address = "unix", d.Address
	}
	if d := s.Dial.Ws; d != nil {
		n++
		f.Network, f.Address = "ws", d.Address
	}
	if n != 1 {
		return f, fmt.Errorf("[Dial] has %d of Tcp, Unix and Ws, want one", n)
	}
	return f, nil
}

// AppendConfig appends the text of a configuration file that the official
// clients of the file's generation load as it is. It returns ErrConfig with
// what to change, and dst unchanged, for a file that they would refuse.
func AppendConfig(dst []byte, f ConfigFile) ([]byte, error) {
	shape, err := f.shape()
	if err == nil {
		_, err = f.Config().completed()
	}
	if err != nil {
		if !errors.Is(err, ErrConfig) {
			err = fmt.Errorf("%w: %w", ErrConfig, err)
		}
		return dst, err
	}
	out := bytes.NewBuffer(dst)
	encoder := toml.NewEncoder(out)
	encoder.Indent = ""
	if err := encoder.Encode(shape); err != nil {
		return dst, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if _, err := ParseConfig(out.Bytes()[len(dst):]); err != nil { // of an address beyond all bounds
		return dst, err
	}
	return out.Bytes(), nil
}

// WriteConfig writes what AppendConfig appends to a file of mode 0644.
func WriteConfig(path string, f ConfigFile) error {
	text, err := AppendConfig(nil, f)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("thin: %w", err)
	}
	return nil
}

func (f *ConfigFile) shape() (*configShape, error) {
	s := &configShape{SphinxGeometry: f.Sphinx, PigeonholeGeometry: f.Pigeonhole}
	switch f.Generation {
	case ConfigFlat, ConfigGeometry:
		if f.Sphinx == nil || f.Pigeonhole == nil {
			return nil, errors.New("official clients up to v0.0.75 do not start without both geometries: set Sphinx and Pigeonhole")
		}
		if f.Network == "ws" {
			return nil, errors.New(`official clients know Network "ws" from v0.0.93 on: use ConfigDial`)
		}
	case ConfigDial:
		s.SphinxGeometry, s.PigeonholeGeometry = nil, nil // they refuse what they do not know
	default:
		return nil, fmt.Errorf("no Generation %d: want ConfigFlat, ConfigGeometry or ConfigDial", f.Generation)
	}
	if f.Generation == ConfigFlat {
		s.Network, s.Address = f.Network, f.Address
		return s, nil
	}
	s.Dial = new(dialShape)
	switch f.Network {
	case "unix":
		s.Dial.Unix = &addressShape{f.Address}
	case "ws":
		s.Dial.Ws = &addressShape{f.Address}
	default:
		s.Dial.Tcp = &tcpShape{f.Address, f.Network}
	}
	return s, nil
}
