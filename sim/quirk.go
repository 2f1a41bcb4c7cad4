package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/homing-mix/homing/thin/wire"
)

// Quirk names a bug of kpclientd that a client can see. A Daemon has those of
// its version unless its configuration says otherwise.
type Quirk string

// The quirks. Quirks tells what each does and which versions have it.
const (
	NoSURBKills         Quirk = "no-surb-kills"
	NullSURBIDKills     Quirk = "null-surbid-kills"
	UnknownRequestKills Quirk = "unknown-request-kills"
	NoSURBLost          Quirk = "no-surb-lost"
	SharedQueue         Quirk = "shared-queue"
	SURBReuseVoids      Quirk = "surb-reuse-voids"
	LateReplies         Quirk = "late-replies"
	ReplyBeforeSent     Quirk = "reply-before-sent"
	GatewayFlipVoids    Quirk = "gateway-flip-voids"
	RestartedMix        Quirk = "restarted-mix"
	WedgeAfterGateway   Quirk = "wedge-after-gateway-loss"
	UnencodableStatus   Quirk = "unencodable-status"
	DuplicateStatus     Quirk = "duplicate-status"
	DocumentFirst       Quirk = "document-first"
	SilentWithout       Quirk = "silent-without-document"
	ConnectedWithout    Quirk = "connected-without-document"
	SinkDrops           Quirk = "sink-drops-slow-reader"
	SinkBlocks          Quirk = "sink-blocks-everybody"
	SilentShutdown      Quirk = "silent-shutdown"
	StaleSocket         Quirk = "stale-unix-socket"
	ResumeRepliesFirst  Quirk = "resume-replies-first"
	ResumeDropsUnsent   Quirk = "resume-drops-unsent"
	TokenBlackHole      Quirk = "token-black-hole"
	ARQOneTimer         Quirk = "arq-one-timer"
	ARQGCWrongID        Quirk = "arq-gc-wrong-id"
	ARQGCAnswered       Quirk = "arq-gc-answered"
	ARQForgetsSURB      Quirk = "arq-forgets-surb"
	ARQDisconnectPanic  Quirk = "arq-disconnect-panic"
	ARQUnknownWedges    Quirk = "arq-unknown-destination-wedges"
)

// QuirkInfo describes a Quirk.
type QuirkInfo struct {
	Quirk
	Description string
	// Since and Until are the first and the last version that has it; zero is
	// the first and the newest that is known.
	Since, Until wire.Version
	// Chance is how likely it is to bite when there is occasion, in [0, 1]; 0
	// means that it has to be asked for.
	Chance float64
}

// Has tells whether the version has the quirk.
func (q QuirkInfo) Has(v wire.Version) bool {
	return v.AtLeast(q.Since) && (q.Until == wire.Version{} || q.Until.AtLeast(v))
}

// Versions returns the range in words.
func (q QuirkInfo) Versions() string {
	switch (wire.Version{}) {
	case q.Until:
		if q.Since == (wire.Version{}) {
			return "all"
		}
		return "from " + q.Since.String()
	case q.Since:
		return "to " + q.Until.String()
	}
	return q.Since.String() + " to " + q.Until.String()
}

// Versions at which quirks begin or end.
var (
	v55 = wire.Version{Patch: 55}
	v71 = wire.Version{Patch: 71}
	v72 = wire.Version{Patch: 72}
	v73 = wire.Version{Patch: 73}
	v76 = wire.Version{Patch: 76}
	v77 = wire.Version{Patch: 77}
)

var quirkTable = []QuirkInfo{
	{NoSURBKills, "a message with with_surb false and no SURB ID ends the daemon for every application", wire.Version{}, v72, 1},
	{NullSURBIDKills, "a message with with_surb true and no SURB ID ends the daemon for every application", wire.Version{}, v72, 1},
	{UnknownRequestKills, "an unknown, empty or null request ends the daemon for every application", wire.Version{}, v76, 1},
	{NoSURBLost, "a message without a SURB never reaches its service, and no event follows", wire.Version{}, wire.Version{}, 1},
	{SharedQueue, "one queue of 200 for all applications: one of them can fill it for the others", wire.Version{}, v72, 1},
	{SURBReuseVoids, "the same SURB ID in flight twice is answered to neither", wire.Version{}, wire.Version{}, 1},
	{LateReplies, "only the oldest SURB is forgotten in time, the others stay: replies come long after ETA and slop", wire.Version{}, v76, 1},
	{ReplyBeforeSent, "a reply overtakes its sent event on a network without delays; always, if asked for", wire.Version{}, wire.Version{}, 1},
	{GatewayFlipVoids, "a reconnect to the gateway voids every SURB that is out, silently", wire.Version{}, wire.Version{}, 1},
	{RestartedMix, "a mix that restarts loses everything for 1.5 epochs while all looks healthy", wire.Version{}, wire.Version{}, 1},
	{WedgeAfterGateway, "after its gateway drops: no status, no document, nothing sent, writes succeed, until a restart", wire.Version{}, v55, 0.1},
	{UnencodableStatus, "the err of a status event is {} or a map, or the event does not come at all; never, if asked for", wire.Version{}, v72, 1},
	{DuplicateStatus, "a change of the gateway is told two or three times", v73, wire.Version{}, 1},
	{DocumentFirst, "the document comes before the status, or instead of it if that cannot be encoded; always, if asked for", wire.Version{}, v72, 1},
	{SilentWithout, "without a document it accepts and says nothing, for ever", wire.Version{}, v71, 1},
	{ConnectedWithout, "without a document, and without a gateway, it says that it is connected", v77, wire.Version{}, 1},
	{SinkDrops, "a client that does not read is never written to again", wire.Version{}, v72, 1},
	{SinkBlocks, "a client that does not read blocks every other", v73, wire.Version{}, 1},
	{SilentShutdown, "SIGTERM is a bare end of the stream", wire.Version{}, v72, 1},
	{StaleSocket, "the unix socket that kill -9 left keeps it from starting", wire.Version{}, v55, 0},
	{ResumeRepliesFirst, "the replies of a resumed session come before the session reply", v73, wire.Version{}, 1},
	{ResumeDropsUnsent, "a resumed session has lost its unsent requests, and the sent events of its absence", v73, wire.Version{}, 1},
	{TokenBlackHole, "of two connections with one token the newer is read and never served once the older closes", v73, wire.Version{}, 0.2},
	{ARQOneTimer, "of N reliable messages that are outstanding one is sent again", wire.Version{}, v72, 1},
	{ARQGCWrongID, "of N reliable messages the garbage-collected events all carry the ID of one, at its time", wire.Version{}, v72, 1},
	{ARQGCAnswered, "the garbage-collected event comes for answered messages too", wire.Version{}, v72, 1},
	{ARQForgetsSURB, "a reply to an earlier transmission of a reliable message is dropped", wire.Version{}, v72, 1},
	{ARQDisconnectPanic, "a client that leaves behind an unanswered reliable message ends the daemon 15 min later", wire.Version{}, v72, 1},
	{ARQUnknownWedges, "a reliable message to an unknown destination wedges the daemon 225 s later", wire.Version{}, v72, 1},
}

// Quirks returns all quirks.
func Quirks() []QuirkInfo { return slices.Clone(quirkTable) }

// QuirksOf returns those that a version of kpclientd has. Errors are those of
// wire.ParseVersion.
func QuirksOf(version string) ([]QuirkInfo, error) {
	v, err := wire.ParseVersion(version)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	return slices.DeleteFunc(Quirks(), func(q QuirkInfo) bool { return !q.Has(v) }), nil
}

// LookupQuirk returns the description of a quirk. Errors wrap ErrConfig.
func LookupQuirk(q Quirk) (QuirkInfo, error) {
	for _, info := range quirkTable {
		if info.Quirk == q {
			return info, nil
		}
	}
	return QuirkInfo{}, fmt.Errorf("%w: no quirk %q", ErrConfig, q)
}

// temper is the quirks of one Daemon.
type temper map[Quirk]*trait

type trait struct {
	chance float64
	asked  bool // for by name
	stream *rand.PCG
}

// newTemper gives a version its quirks, and those that are asked for with
// certainty.
func newTemper(seed uint64, v wire.Version, with, without []Quirk) (temper, error) {
	t := make(temper, len(quirkTable))
	for _, info := range quirkTable {
		r := &trait{stream: stream(seed, "quirk "+string(info.Quirk))}
		if info.Has(v) {
			r.chance = info.Chance
		}
		t[info.Quirk] = r
	}
	for _, list := range [...]struct {
		quirks []Quirk
		chance float64
	}{{with, 1}, {without, 0}} {
		for _, q := range list.quirks {
			if _, err := LookupQuirk(q); err != nil {
				return nil, err
			}
			t[q].chance, t[q].asked = list.chance, list.chance > 0
		}
	}
	for _, q := range with {
		if slices.Contains(without, q) {
			return nil, fmt.Errorf("%w: quirk %q is both asked for and excluded", ErrConfig, q)
		}
	}
	return t, nil
}

// has tells whether the daemon has the quirk at all.
func (t temper) has(q Quirk) bool { return t[q].chance > 0 }

// asked tells whether the quirk was asked for by name.
func (t temper) asked(q Quirk) bool { return t[q].asked }

// bites draws whether the quirk bites on this occasion.
func (t temper) bites(q Quirk) bool {
	r := t[q]
	return r.chance >= 1 || r.chance > 0 && r.stream.Uint64()>>11 < uint64(r.chance*(1<<53))
}

// draw returns a number from the quirk's own stream.
func (t temper) draw(q Quirk) uint64 { return t[q].stream.Uint64() >> 11 }
