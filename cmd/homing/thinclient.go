package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/BurntSushi/toml"

	"github.com/homing-mix/homing/thin/wire"
)

// maxThinClient is far more than any thinclient.toml holds.
const maxThinClient = 1 << 20

// thinClient is what a thinclient.toml says, as far as it is used.
type thinClient struct {
	endpoint endpoint
	geometry *wire.SphinxGeometry // nil: from v0.0.76 on the daemon tells it
	unknown  []string             // keys that mean nothing here, in the file's order
}

// thinClientFile is the file of all generations: up to v0.0.72 Network and
// Address with both geometries, then [Dial.…] with them, since v0.0.76 without.
type thinClientFile struct {
	Network, Address   string
	SphinxGeometry     *wire.SphinxGeometry
	PigeonholeGeometry *wire.PigeonholeGeometry // of storage, not used for requests
	Dial               struct {
		Tcp, Unix, Ws *thinClientDial
	}
}

type thinClientDial struct{ Network, Address string }

func readThinClient(path string) (thinClient, error) {
	f, err := os.Open(path)
	if err != nil {
		return thinClient{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxThinClient+1))
	if err != nil {
		return thinClient{}, err
	}
	if len(text) > maxThinClient {
		return thinClient{}, fmt.Errorf("%s has more than %d bytes: it is no thinclient.toml", path, maxThinClient)
	}
	c, err := parseThinClient(string(text))
	if err != nil {
		return thinClient{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func parseThinClient(text string) (thinClient, error) {
	var file thinClientFile
	known, err := toml.Decode(text, &file)
	if err != nil {
		return thinClient{}, err
	}
	c := thinClient{geometry: file.SphinxGeometry}
	for _, key := range known.Undecoded() {
		c.unknown = append(c.unknown, key.String())
	}
	c.endpoint, err = file.endpoint()
	if err != nil {
		return thinClient{}, err
	}
	if g := c.geometry; g != nil && (g.UserForwardPayloadLength < 1 || g.UserForwardPayloadLength > wire.MaxFrame/2) {
		return thinClient{}, fmt.Errorf("[SphinxGeometry] UserForwardPayloadLength = %d cannot be", g.UserForwardPayloadLength)
	}
	return c, nil
}

// endpoint is the one place that the file names.
func (f *thinClientFile) endpoint() (endpoint, error) {
	type place struct{ section, network, address string }
	var places []place
	if f.Network != "" || f.Address != "" {
		places = append(places, place{"Network and Address", f.Network, f.Address})
	}
	if d := f.Dial.Tcp; d != nil {
		network := d.Network
		if network == "" {
			network = "tcp"
		}
		places = append(places, place{"[Dial.Tcp]", network, d.Address})
	}
	if d := f.Dial.Unix; d != nil {
		places = append(places, place{"[Dial.Unix]", "unix", d.Address})
	}
	if f.Dial.Ws != nil {
		places = append(places, place{"[Dial.Ws]", "ws", f.Dial.Ws.Address})
	}
	switch {
	case len(places) == 0:
		return endpoint{}, errors.New("it does not say where the daemon is: want Network and Address, [Dial.Tcp] or [Dial.Unix]")
	case len(places) > 1:
		return endpoint{}, fmt.Errorf("%s and %s both say where the daemon is: leave one", places[0].section, places[1].section)
	}
	p := places[0]
	e, err := checkEndpoint(p.network, p.address)
	if err != nil {
		return endpoint{}, fmt.Errorf("%s: %w", p.section, err)
	}
	return e, nil
}
