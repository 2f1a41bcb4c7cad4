package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin/wire"
)

// choice is what --quirks asks for beside what the version has.
type choice struct{ with, without []sim.Quirk }

// parseQuirks reads words separated by commas, from left to right: default,
// none, +name (or name), -name.
func parseQuirks(text string) (choice, error) {
	asked := make(map[sim.Quirk]bool)
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		switch word {
		case "default":
			clear(asked)
			continue
		case "none":
			for _, q := range sim.Quirks() {
				asked[q.Quirk] = false
			}
			continue
		case "list":
			return choice{}, fmt.Errorf("list stands alone: --quirks list prints them and ends")
		}
		name, off := strings.CutPrefix(word, "-")
		if !off {
			name = strings.TrimPrefix(word, "+")
		}
		if _, err := sim.LookupQuirk(sim.Quirk(name)); err != nil {
			return choice{}, fmt.Errorf("%q: want +NAME, -NAME, none or default; --quirks list has the names", word)
		}
		asked[sim.Quirk(name)] = !off
	}
	var c choice
	for _, q := range slices.Sorted(maps.Keys(asked)) {
		if asked[q] {
			c.with = append(c.with, q)
		} else {
			c.without = append(c.without, q)
		}
	}
	return c, nil
}

// String names what differs from the version's own.
func (c choice) String() string {
	switch {
	case len(c.with) == 0 && len(c.without) == 0:
		return "those of the version"
	case len(c.without) == len(sim.Quirks()):
		return "none"
	}
	words := []string{"those of the version"}
	if len(c.with)+len(c.without) == len(sim.Quirks()) {
		words = []string{"none"} // but those that follow
	}
	for _, q := range c.with {
		words = append(words, "+"+string(q))
	}
	if words[0] != "none" {
		for _, q := range c.without {
			words = append(words, "-"+string(q))
		}
	}
	return strings.Join(words, " ")
}

type quirkObject struct {
	Type        string  `json:"type"` // "quirk"
	Name        string  `json:"name"`
	Versions    string  `json:"versions"`
	Default     bool    `json:"default"` // in the dialect that was asked for
	Chance      float64 `json:"chance"`  // to bite when there is occasion
	Description string  `json:"description"`
}

// listQuirks prints the table, with what the version has by itself.
func listQuirks(w io.Writer, version wire.Version, asJSON bool) error {
	out := output{w: w}
	all := sim.Quirks()
	if asJSON {
		for _, q := range all {
			line, err := json.Marshal(quirkObject{"quirk", string(q.Quirk), q.Versions(), q.Has(version) && q.Chance > 0, q.Chance, q.Description})
			if err != nil {
				return err
			}
			out.printf("%s\n", line)
		}
		return out.err
	}
	name, versions := len("quirk"), len("versions")
	for _, q := range all {
		name, versions = max(name, len(q.Quirk)), max(versions, len(q.Versions()))
	}
	out.printf("%-*s  %-*s  %-8s  %s\n", name, "quirk", versions, "versions", version, "what it does")
	for _, q := range all {
		has := "-"
		switch {
		case !q.Has(version):
		case q.Chance >= 1:
			has = "on"
		case q.Chance > 0:
			has = fmt.Sprintf("%.0f%%", q.Chance*100)
		default:
			has = "asked"
		}
		out.printf("%-*s  %-*s  %-8s  %s\n", name, q.Quirk, versions, q.Versions(), has, q.Description)
	}
	out.printf("\non: always, %%: so likely when there is occasion, asked: only with +NAME, -: not in this version.\n" +
		"+NAME makes a quirk certain, -NAME takes it away, none takes all away.\n")
	return out.err
}
