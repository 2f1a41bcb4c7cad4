package sim

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homing-mix/homing/thin/wire"
)

func TestEveryQuirkIsListedOnceAndHasItsTrial(t *testing.T) {
	source, err := os.ReadFile("quirk.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Quirk += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	var listed []Quirk
	for _, q := range Quirks() {
		if slices.Contains(listed, q.Quirk) {
			t.Errorf("%s is listed twice", q.Quirk)
		}
		listed = append(listed, q.Quirk)
		if trials[q.Quirk].suffers == nil {
			t.Errorf("%s has no trial that shows it biting", q.Quirk)
		}
		if q.Description == "" || strings.Contains(q.Description, "\n") || q.Chance < 0 || q.Chance > 1 {
			t.Errorf("%+v", q)
		}
		if !slices.ContainsFunc(versions, func(tag string) bool { return q.Has(parsed(t, tag)) }) {
			t.Errorf("no version under test has %s", q.Quirk)
		}
	}
	if len(declared) != len(listed) || len(trials) != len(listed) {
		t.Errorf("%d declared, %d listed, %d trials", len(declared), len(listed), len(trials))
	}
	for _, d := range declared {
		if !slices.Contains(listed, Quirk(d[1])) {
			t.Errorf("%s is not listed", d[1])
		}
	}
}

func parsed(t *testing.T, tag string) wire.Version {
	t.Helper()
	v, err := wire.ParseVersion(tag)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAQuirkKnowsItsVersions(t *testing.T) {
	for _, c := range []struct {
		quirk Quirk
		words string
		first string // "" = none before
		last  string
	}{
		{NoSURBKills, "to v0.0.72", "v0.0.55", "v0.0.72"},
		{UnknownRequestKills, "to v0.0.76", "v0.0.55", "v0.0.76"},
		{TokenBlackHole, "from v0.0.73", "v0.0.73", "v0.0.99"},
		{GatewayFlipVoids, "all", "v0.0.55", "v0.0.99"},
	} {
		q, err := LookupQuirk(c.quirk)
		if err != nil || q.Versions() != c.words {
			t.Errorf("%s: %q, %v", c.quirk, q.Versions(), err)
		}
		for _, tag := range []string{"v0.0.55", "v0.0.71", "v0.0.72", "v0.0.73", "v0.0.76", "v0.0.77", "v0.0.99"} {
			if has, want := q.Has(parsed(t, tag)), tag >= c.first && tag <= c.last; has != want {
				t.Errorf("%s in %s: %v", c.quirk, tag, has)
			}
		}
	}
	between := QuirkInfo{Since: v73, Until: v76}
	if s := between.Versions(); s != "v0.0.73 to v0.0.76" {
		t.Errorf("%q", s)
	}
}

func TestUnknownAndContradictoryQuirksAreRefused(t *testing.T) {
	for name, turn := range map[string]func(*DaemonConfig){
		"unknown with":    func(c *DaemonConfig) { c.With = []Quirk{"no-such"} },
		"unknown without": func(c *DaemonConfig) { c.Without = []Quirk{"no-such"} },
		"both":            func(c *DaemonConfig) { c.With, c.Without = []Quirk{LateReplies}, []Quirk{LateReplies} },
	} {
		cfg := daemonConfig("v0.0.55")
		cfg.Network = "pipe"
		turn(&cfg)
		if d, err := StartDaemon(cfg); !errors.Is(err, ErrConfig) {
			d.Close()
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAQuirkOfChanceBitesSometimesAndEachDaemonOfASeedAlike(t *testing.T) {
	draws := func(seed uint64) (bites []bool) {
		temper, err := newTemper(seed, v73, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			bites = append(bites, temper.bites(TokenBlackHole))
		}
		return bites
	}
	first := draws(1)
	n := 0
	for _, bit := range first {
		if bit {
			n++
		}
	}
	if n < 150 || n > 250 {
		t.Errorf("bit %d times of 1000, want about 200", n)
	}
	if !slices.Equal(first, draws(1)) || slices.Equal(first, draws(2)) {
		t.Error("the seed does not decide")
	}
}
