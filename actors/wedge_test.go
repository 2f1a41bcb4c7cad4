package actors

import (
	"errors"
	"testing"
	"time"
)

// wantWedge fails unless the link is found wedged after exactly that silence.
func (o *office) wantWedge(silence time.Duration) {
	o.t.Helper()
	if at := o.desk.Wake(); at != o.now.Add(silence) {
		o.t.Fatalf("the timer is set to %v from now, want %v", at.Sub(o.now), silence)
	}
	before := len(o.resets)
	o.pass(silence - 1)
	if o.tick(); len(o.resets) != before {
		o.t.Fatal("the link was reset too early")
	}
	o.pass(1)
	if o.tick(); len(o.resets) != before+1 || !errors.Is(o.resets[before], ErrWedged) {
		o.t.Fatalf("resets: %v", o.resets)
	}
}

func TestSilenceWhileAttemptsWaitForTheirSentEventsIsAWedge(t *testing.T) {
	o := open(t, DeskConfig{})
	o.pass(time.Hour) // silence with nothing to say is none
	o.queue(1, 1)
	o.wantWedge(time.Minute)
	if c := o.desk.Counters(); c.Wedges != 1 {
		t.Errorf("%+v", c)
	}
	o.wantWedge(time.Minute) // nothing followed: once more after as long
}

func TestAnyEventEndsTheSilence(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.pass(59 * time.Second)
	o.hear(LinkEvent{Kind: LinkCollected})
	o.wantWedge(time.Minute)
}

func TestNothingIsWedgedWhileNothingIsInTheWindowOrTheGatewayOrLinkIsDown(t *testing.T) {
	for name, happens := range map[string]func(*office){
		"window empty": func(o *office) { o.sent(1) },
		"gateway down": func(o *office) { o.gatewayDown() },
		"link down":    func(o *office) { o.down() },
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, DeskConfig{})
			o.queue(1, 1)
			happens(o)
			if at := o.desk.Wake(); at != 0 {
				t.Errorf("the timer is set to %v from now", at.Sub(o.now))
			}
			o.pass(time.Hour)
			if o.tick(); len(o.resets) != 0 {
				t.Error("the link was reset")
			}
		})
	}
}

func TestGatewayThatComesBackStartsTheSilenceAnew(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.gatewayDown()
	o.pass(time.Hour)
	o.gatewayUp()
	o.wantWedge(time.Minute)
}

func TestSilenceIsAllowedEightTimesTheLongestWaitSeen(t *testing.T) {
	o := open(t, DeskConfig{})
	for i, wait := range []time.Duration{10 * time.Second, 3 * time.Second} {
		o.queue(uint64(i), 1)
		o.pass(wait)
		o.sent(uint64(i) + 1)
	}
	o.queue(5, 1)
	o.wantWedge(80 * time.Second)
}

func TestWaitThroughAnOutageSaysNothingAboutTheNextSilence(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.gatewayDown()
	o.pass(time.Hour)
	o.gatewayUp()
	o.pass(9 * time.Second)
	o.sent(1)
	o.queue(2, 1)
	o.wantWedge(72 * time.Second)
}

func TestDirectoryMayAllowALongerSilence(t *testing.T) {
	o := open(t, DeskConfig{})
	slow := offers(map[string][]string{"echo": {"node"}})
	slow.Silence = 5 * time.Minute
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: slow})
	o.queue(1, 1)
	o.wantWedge(5 * time.Minute)
	slow = offers(map[string][]string{"echo": {"node"}})
	slow.Silence = time.Second
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: slow})
	o.wantWedge(time.Minute)
}
