package homing_test

import (
	"testing"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

func TestAThousandRequestsAtThirtyPercentLossGetAThousandAnswers(t *testing.T) {
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			l := newLab(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
				d.Mixnet.Loss = 0.3
				d.Mixnet.Residual = belated{}
				d.Mixnet.Slop = time.Minute // replies may be late, as seen on old daemons
			})
			l.atMostAsSent(l.callAll(1000, 64))

			stats, daemon := l.client.Stats(), l.daemon.Counters()
			if stats.Answered != 1000 || stats.Running != 0 {
				t.Errorf("not every request ended with its answer: %+v", stats)
			}
			lost := daemon.LostForward + daemon.LostReturn
			if share := float64(lost) / float64(daemon.Departed); share < 0.2 {
				t.Errorf("only %d of %d packets were lost: nothing was proved", lost, daemon.Departed)
			}
			if stats.Late == 0 {
				t.Error("no reply to an earlier attempt came: nothing was proved about them")
			}
			if v := l.daemon.Violations(); len(v) > 0 {
				t.Errorf("the daemon was sent what it must not be: %v", v)
			}
			t.Logf("%d sends, %d lost, %d late answers, %d strays", stats.Sends, lost, stats.Late, stats.Strays)
		})
	}
}
