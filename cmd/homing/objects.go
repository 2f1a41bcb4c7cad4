package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/homing-mix/homing"
)

// objects reports to programs: an object per line on stdout. The names and
// meanings of the fields do not change; new ones may come.
type objects struct {
	settings settings
	out      output
	stderr   io.Writer
}

type messageObject struct {
	Type             string   `json:"type"`    // "message"
	Message          int      `json:"message"` // from 1 in the order of sending; lines come in the order of ending
	Answered         bool     `json:"answered"`
	Attempts         int      `json:"attempts"`
	AnsweredAttempt  int      `json:"answered_attempt,omitempty"`
	WaitingMS        *float64 `json:"waiting_ms,omitempty"`
	ETAMS            *float64 `json:"eta_ms,omitempty"`
	ResidualMS       *float64 `json:"residual_ms,omitempty"`
	RetransmissionMS *float64 `json:"retransmission_ms,omitempty"`
	TotalMS          *float64 `json:"total_ms,omitempty"`
	Reason           string   `json:"reason,omitempty"` // one word, for programs
	Error            string   `json:"error,omitempty"`  // for people
	MayHaveExecuted  *bool    `json:"may_have_executed,omitempty"`
}

type totalsObject struct {
	Type              string   `json:"type"` // "totals"
	Messages          int      `json:"messages"`
	Delivered         int      `json:"delivered"`
	Failed            int      `json:"failed"`
	Interrupted       bool     `json:"interrupted"`
	Sends             uint64   `json:"sends"`
	SendsPerDelivered *float64 `json:"sends_per_delivered"` // null if none was
	LateAnswers       uint64   `json:"late_answers"`
	LatencyP50MS      *float64 `json:"latency_p50_ms"`
	LatencyP95MS      *float64 `json:"latency_p95_ms"`
	LatencyMaxMS      *float64 `json:"latency_max_ms"`
	ElapsedMS         float64  `json:"elapsed_ms"`
	Virtual           bool     `json:"virtual"` // all durations are virtual
	Speed             float64  `json:"speed"`
	Service           string   `json:"service"`
	Profile           string   `json:"profile"`
	Seed              uint64   `json:"seed"`
	Dialect           string   `json:"dialect,omitempty"` // these four of the simulated daemon only
	Departed          *uint64  `json:"departed,omitempty"`
	LostForward       *uint64  `json:"lost_forward,omitempty"`
	LostReturn        *uint64  `json:"lost_return,omitempty"`
}

// reasons are the words for how a message can fail to be answered.
var reasons = []struct {
	err  error
	word string
}{
	{errBody, "body"}, {homing.ErrFraming, "body"},
	{homing.ErrDeadline, "deadline"}, {homing.ErrExhausted, "exhausted"}, {homing.ErrCanceled, "interrupted"},
	{homing.ErrRejected, "rejected"}, {homing.ErrNoService, "no_service"}, {homing.ErrBusy, "busy"},
	{homing.ErrInternal, "internal"},
}

func reason(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.word
		}
	}
	return "other"
}

// milliseconds is a duration to the microsecond.
func milliseconds(d time.Duration) *float64 {
	ms := math.Round(float64(d)/float64(time.Microsecond)) / 1000
	return &ms
}

func (*objects) begin(*daemon, string) {}
func (*objects) progress(progress)     {}

func (j *objects) note(text string) { fmt.Fprintln(j.stderr, "homing ping:", text) }

func (j *objects) message(o outcome) error {
	m := messageObject{Type: "message", Message: o.number}
	if o.err == nil {
		spent := o.reply.Timeline
		m.Answered, m.Attempts, m.AnsweredAttempt = true, len(o.reply.Attempts), o.reply.Answered
		m.WaitingMS, m.ETAMS, m.ResidualMS = milliseconds(spent.Waiting), milliseconds(spent.ETA), milliseconds(spent.Residual)
		m.RetransmissionMS, m.TotalMS = milliseconds(spent.Retransmission), milliseconds(spent.Total)
	} else {
		m.Reason, m.Error = reason(o.err), o.err.Error()
		var delivery *homing.DeliveryError
		if errors.As(o.err, &delivery) {
			m.Attempts, m.MayHaveExecuted = len(delivery.Attempts), &delivery.MayHaveExecuted
		} else if o.reply != nil {
			m.Attempts, m.MayHaveExecuted = len(o.reply.Attempts), new(true)
		}
	}
	return j.write(m)
}

func (j *objects) totals(t totals) error {
	o := totalsObject{
		Type: "totals", Messages: j.settings.count, Delivered: t.delivered, Failed: t.failed, Interrupted: t.interrupted,
		Sends: t.sends, LateAnswers: t.late, ElapsedMS: *milliseconds(t.elapsed),
		Virtual: !j.settings.real, Speed: j.settings.speed, Service: j.settings.service,
		Profile: j.settings.profile.String(), Seed: j.settings.seed,
	}
	if t.delivered > 0 {
		each := math.Round(t.sendsPerDelivered()*1000) / 1000
		o.SendsPerDelivered = &each
		o.LatencyP50MS, o.LatencyP95MS = milliseconds(t.quantile(0.5)), milliseconds(t.quantile(0.95))
		o.LatencyMaxMS = milliseconds(t.quantile(1))
	}
	if d := t.drawn; d != nil {
		o.Dialect, o.Departed, o.LostForward, o.LostReturn = j.settings.dialect, &d.departed, &d.forward, &d.back
	}
	return j.write(o)
}

// write encodes before it writes, so that a line is whole or not there.
func (j *objects) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil && j.out.err == nil {
		j.out.err = err
	}
	j.out.printf("%s\n", line)
	return j.out.err
}
