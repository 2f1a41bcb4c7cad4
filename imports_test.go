package homing_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// table says what each package imports itself. "std" is the standard library, "all" is everything. After "why" stands
// the reason for which anything else is banned; after "ban" what is banned of the rest, with its reason; after
// "tests" what only tests import besides. Nothing imports cmd or examples.
const table = `
arq: std backoff
	why: one message's protocol is a value; whoever replays, checks or reuses it needs no other package
	ban net: a core that talks cannot be replayed
	ban os: a core that looks around cannot be replayed
	ban io: effects are returned, not performed
	ban context: a step does not wait
mailbox: std protoactor
	why: what waits is nobody's business but its owner's
	ban net: a queue is not a link
	ban os: only the durable store touches the disk
	ban time: a queue has no clock; who waits how long is the owner's decision
	ban math/rand: the same calls give the same order on every machine
thin/wire: std cbor
	why: shapes of bytes, for both ends of the socket; neither end may lean on the other
	ban net: it reads and writes what it is given
	ban os: it reads and writes what it is given
thin: std thin/wire cbor backoff blake2b toml websocket
	why: a complete thin client, usable alone: it knows nothing of retransmission
	tests sim: its daemon is the other end of the socket
actors: std arq mailbox protoactor
	why: the living part runs alike over a socket and over a model: it sees a Link, never a wire
	ban net: the link is given
	ban os: nothing here depends on the host
	tests sim: the model is the other end of the link
sim: std actors arq mailbox thin thin/wire protoactor blake2b cbor
	why: the laboratory drives the production code from below the public face
homing: std actors arq mailbox thin cbor
	why: the public face joins the parts; the wire stays behind thin; cbor is for Reply.CBOR, a service's answer
	tests sim: its daemon is the other end of the socket
cmd/homing: all
	why: a program at the top
examples/echo: all
	why: a program at the top
`

var aliases = map[string]string{
	"backoff":    "github.com/cenkalti/backoff/v4",
	"blake2b":    "golang.org/x/crypto/blake2b",
	"cbor":       "github.com/fxamacker/cbor/v2",
	"homing":     module,
	"toml":       "github.com/BurntSushi/toml",
	"websocket":  "github.com/coder/websocket",
	"protoactor": "github.com/asynkron/protoactor-go/actor",
}

// forTests are what tests of every package may import besides.
var forTests = []string{"pgregory.net/rapid", "go.uber.org/goleak"}

// row is what the table says of one package.
type row struct {
	allowed []string
	tests   []string
	bans    map[string]string
	why     string
}

func importPath(word string) string {
	if p, ok := aliases[word]; ok {
		return p
	}
	return module + "/" + word
}

func readTable(t *testing.T) map[string]row {
	rows := make(map[string]row)
	var name string
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		head, text, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || text == "" {
			t.Fatalf("the table's line %q lacks its reason", line)
		}
		if line[0] != '\t' {
			name = importPath(head)
			r := row{bans: make(map[string]string)}
			for word := range strings.FieldsSeq(text) {
				if word != "std" && word != "all" {
					word = importPath(word)
				}
				r.allowed = append(r.allowed, word)
			}
			if _, twice := rows[name]; twice {
				t.Fatalf("%s has two rows", name)
			}
			rows[name] = r
			continue
		}
		r := rows[name]
		switch verb, what, _ := strings.Cut(head, " "); verb {
		case "why":
			r.why = text
		case "ban":
			r.bans[what] = text
		case "tests":
			r.tests = append(r.tests, importPath(what))
		default:
			t.Fatalf("the table's line %q says %q", line, verb)
		}
		rows[name] = r
	}
	return rows
}

// refuse returns the reason for which a package may not import that path, or "".
func (r row) refuse(imported string) string {
	for ban, reason := range r.bans {
		if imported == ban || strings.HasPrefix(imported, ban+"/") {
			return reason
		}
	}
	host, _, _ := strings.Cut(imported, "/")
	switch {
	case strings.HasPrefix(imported, module+"/cmd/") || strings.HasPrefix(imported, module+"/examples/"):
		return "programs are at the top: nothing imports them"
	case slices.Contains(r.allowed, "all") || slices.Contains(r.allowed, imported):
		return ""
	case slices.Contains(r.allowed, "std") && !strings.Contains(host, "."):
		return ""
	}
	return r.why
}

func packages(t *testing.T) map[string]bool {
	found := make(map[string]bool)
	for _, s := range tree(t) {
		if !s.test {
			found[packagePath(s)] = true
		}
	}
	return found
}

func packagePath(s source) string {
	if s.dir == "." {
		return module
	}
	return module + "/" + s.dir
}

func TestEveryPackageHasARowInTheImportTableAndEveryRowAPackage(t *testing.T) {
	rows, found := readTable(t), packages(t)
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, ok := rows[name]; !ok {
			t.Errorf("%s has no row in the import table: decide what it may know, and why no more", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if !found[name] {
			t.Errorf("the import table has a row for %s, which is no package", name)
		}
		if rows[name].why == "" {
			t.Errorf("the row of %s gives no reason", name)
		}
	}
}

func TestEveryImportIsInTheTable(t *testing.T) {
	rows := readTable(t)
	for _, s := range tree(t) {
		r, ok := rows[packagePath(s)]
		if !ok {
			continue // the test above says so
		}
		if s.test {
			// What a core may not do, its tests may: they read stories from files and wait with contexts.
			r.bans = nil
			r.allowed = slices.Concat(r.allowed, r.tests, forTests, []string{packagePath(s)})
		}
		for _, imported := range slices.Sorted(maps.Keys(s.imports())) {
			if reason := r.refuse(imported); reason != "" {
				t.Errorf("%s imports %s, which its row in the import table bans: %s", s.path, imported, reason)
			}
		}
	}
}

func TestTheCoreNeitherReadsAClockNorWaitsNorDrawsUnseededNumbers(t *testing.T) {
	seeded := []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Source", "Zipf"}
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for _, s := range tree(t) {
		if s.dir != "arq" || s.test {
			continue
		}
		s.calls("time", func(function, at string) {
			if slices.Contains(clocks, function) {
				t.Errorf("%s: time.%s: the core is told what time it is", at, function)
			}
		})
		for _, p := range []string{"math/rand", "math/rand/v2"} {
			s.calls(p, func(function, at string) {
				if !slices.Contains(seeded, function) {
					t.Errorf("%s: rand.%s: the core is given its chance", at, function)
				}
			})
		}
	}
}
