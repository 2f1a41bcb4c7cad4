package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// table reports to people: lines on stdout, the progress and notes on stderr.
type table struct {
	settings settings
	out      output
	stderr   io.Writer
	live     liveLine
	width    int // of the column of numbers
	column   int // of the columns of durations
}

func newTable(s settings, stdout, stderr io.Writer) *table {
	t := &table{
		settings: s, out: output{w: stdout}, stderr: stderr,
		width: max(len("message"), len(strconv.Itoa(s.count))),
	}
	longest := s.deadline
	if longest == 0 {
		longest = s.profile.Policy().Deadline
	}
	t.column = max(len("9999.99 s"), len(seconds(0, longest)))
	if isTerminal(stdout) && isTerminal(stderr) {
		t.live.w = stderr
	}
	return t
}

func (t *table) begin(d *daemon, version string) {
	if t.settings.real {
		t.out.printf("kpclientd at %v (greets as %s or later), service %s, profile %v, seed %d\n\n",
			d.endpoint, version, t.settings.service, t.settings.profile, t.settings.seed)
	} else {
		share := loss(t.settings.loss)
		t.out.printf("simulated kpclientd %s at %v, %s of round trips lost, profile %v, seed %d\n",
			t.settings.dialect, d.endpoint, share.String(), t.settings.profile, t.settings.seed)
		t.out.printf("all times are virtual: %v s pass in a second\n\n", t.settings.speed)
	}
	t.out.printf("%*s  attempts  %*s  %*s  %*s  retransmission  %*s\n", t.width, "message",
		t.column, "waiting", t.column, "ETA", t.column, "residual", t.column, "total")
}

func (t *table) message(o outcome) error {
	t.live.clear()
	if o.err != nil {
		t.out.printf("%*d  %s\n", t.width, o.number, unanswered(o.err))
		return t.out.err
	}
	spent := o.reply.Timeline
	late := ""
	if o.reply.Answered < len(o.reply.Attempts) {
		late = fmt.Sprintf("  answer to attempt %d", o.reply.Answered)
	}
	t.out.printf("%*d  %8d  %s  %s  %s  %s  %s%s\n", t.width, o.number, len(o.reply.Attempts),
		seconds(t.column, spent.Waiting), seconds(t.column, spent.ETA), signed(t.column, spent.Residual),
		seconds(len("retransmission"), spent.Retransmission), seconds(t.column, spent.Total), late)
	return t.out.err
}

// unanswered is a line's text for a message without the right answer.
func unanswered(err error) string {
	return "not answered: " + strings.TrimPrefix(err.Error(), "homing: ")
}

// seconds is a duration as a column of the given width.
func seconds(width int, d time.Duration) string { return fmt.Sprintf("%*.2f s", width-2, d.Seconds()) }

// signed is seconds with the sign of what is on top.
func signed(width int, d time.Duration) string { return fmt.Sprintf("%+*.2f s", width-2, d.Seconds()) }

func (t *table) progress(p progress) { t.live.draw(p.String()) }

func (t *table) note(text string) {
	t.live.clear()
	fmt.Fprintln(t.stderr, "homing ping:", text)
}

func (t *table) totals(sum totals) error {
	t.live.clear()
	virtual := ""
	if !t.settings.real {
		virtual = " virtual"
	}
	t.out.printf("\n%d of %d answered in %.1f s%s", sum.delivered, t.settings.count, sum.elapsed.Seconds(), virtual)
	if t.settings.speed != 1 {
		t.out.printf(", %.1f s real", sum.elapsed.Seconds()/t.settings.speed)
	}
	if sum.interrupted {
		t.out.printf("; interrupted, %d not sent", t.settings.count-sum.delivered-sum.failed)
	}
	t.out.printf("\n")
	if sum.delivered == 0 {
		t.out.printf("sends      %d\n", sum.sends)
	} else {
		t.out.printf("sends      %d, %.2f per answered message\n", sum.sends, sum.sendsPerDelivered())
	}
	if d := sum.drawn; d != nil {
		t.out.printf("lost       %d of %d round trips: %d on the way there, %d on the way back\n", d.lost(), d.departed, d.forward, d.back)
	}
	if sum.late > 0 {
		t.out.printf("late       %d answered by a reply to an earlier attempt\n", sum.late)
	}
	if sum.delivered > 0 {
		t.out.printf("latency    p50 %.2f s, p95 %.2f s, max %.2f s%s\n",
			sum.quantile(0.5).Seconds(), sum.quantile(0.95).Seconds(), sum.quantile(1).Seconds(), virtual)
	}
	t.out.printf("seed       %d\n", t.settings.seed)
	return t.out.err
}
