package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/homing-mix/homing/thin"
	"github.com/homing-mix/homing/thin/wire"
)

// view is what status has found, and how it is printed.
type view struct {
	at       endpoint
	is       condition
	code     int // the exit code
	greeted  bool
	health   thin.Health
	limit    int
	services pairs // capability to the names of its nodes
	instance wire.ID
	session  *wire.SessionReply
	findings []finding
	epoch    time.Duration
	speed    float64
}

// age is how long ago the document was read, in the daemon's time.
func (v *view) age() time.Duration {
	return time.Duration(float64(time.Since(v.health.Document)) * v.speed)
}

func (v *view) table(w io.Writer) error {
	out := output{w: w}
	line := func(name, format string, args ...any) { out.printf("%-10s  %s\n", name, fmt.Sprintf(format, args...)) }
	line("daemon", "%v", v.at)
	if v.greeted {
		line("version", "greets as %v or later", v.health.Version)
		line("link", "%s", v.linkText())
		line("gateway", "%s", map[bool]string{true: "connected", false: "not connected"}[v.health.Gateway])
		if v.health.Epoch == 0 {
			line("document", "none")
		} else {
			line("document", "epoch %d, read %.1f s ago; stale after %v without a newer one", v.health.Epoch, v.age().Seconds(), 2*v.epoch)
		}
		for i, s := range v.services {
			name := ""
			if i == 0 {
				name = "services"
			}
			nodes, _ := s.value.([]string)
			line(name, "%s: %s", s.name, strings.Join(nodes, ", "))
		}
		line("payload", "at most %d bytes", v.limit)
		if v.instance != (wire.ID{}) {
			line("instance", "%v", v.instance)
		}
		if v.session != nil {
			line("session", "%v", v.session.AppID)
		}
	}
	for _, t := range v.findings {
		line("watchdog", "after %.1f s: %s (%v)", t.at.Seconds(), t.is.says, t.reason)
	}
	switch {
	case v.is.word != healthy.word && v.greeted:
		line("verdict", "unhealthy: %s", v.is.says)
	case v.is.word != healthy.word:
		line("verdict", "no link: %s", v.is.says)
	case len(v.findings) > 0:
		line("verdict", "unhealthy: it is well now, and was not while it was watched")
	default:
		line("verdict", "%s", v.is.says)
	}
	if reason := v.health.Reason; reason != nil && v.is.word != healthy.word {
		line("reason", "%.200s", strings.ToValidUTF8(reason.Error(), "?"))
	}
	if advice := v.advice(); advice != "" {
		line("what to do", "%s", advice)
	}
	return out.err
}

func (v *view) linkText() string {
	if v.health.Up {
		return "up"
	}
	return "not up"
}

// advice is that for the present condition, or for the last finding.
func (v *view) advice() string {
	if v.is.advise == "" && len(v.findings) > 0 {
		return v.findings[len(v.findings)-1].is.advise
	}
	return v.is.advise
}

// statusObject is the view for programs. What is not known is left out.
type statusObject struct {
	Type          string          `json:"type"` // "status"
	Daemon        string          `json:"daemon"`
	Healthy       bool            `json:"healthy"`
	Verdict       string          `json:"verdict"` // a word
	Says          string          `json:"says"`
	Advice        string          `json:"advice,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	ExitCode      int             `json:"exit_code"`
	Version       string          `json:"version,omitempty"`
	Up            bool            `json:"up"`
	Gateway       bool            `json:"gateway"`
	Epoch         uint64          `json:"epoch,omitempty"`
	DocumentAgeMS *float64        `json:"document_age_ms,omitempty"`
	Services      pairs           `json:"services,omitempty"`
	PayloadLimit  int             `json:"payload_limit,omitempty"`
	Instance      string          `json:"instance,omitempty"`
	Session       string          `json:"session,omitempty"`
	Findings      []findingObject `json:"findings,omitempty"`
}

type findingObject struct {
	AtMS    *float64 `json:"at_ms"` // after the beginning, real time
	Verdict string   `json:"verdict"`
	Reason  string   `json:"reason"`
}

func (v *view) object(w io.Writer) error {
	o := statusObject{
		Type: "status", Daemon: v.at.String(), Healthy: v.code == exitAnswered,
		Verdict: v.is.word, Says: v.is.says, Advice: v.advice(), ExitCode: v.code,
		Up: v.health.Up, Gateway: v.health.Gateway, Epoch: v.health.Epoch, Services: v.services,
	}
	if reason := v.health.Reason; reason != nil {
		o.Reason = reason.Error()
	}
	if v.greeted {
		o.Version, o.PayloadLimit = v.health.Version.String(), v.limit
	}
	if v.health.Epoch != 0 {
		o.DocumentAgeMS = milliseconds(v.age())
	}
	if v.instance != (wire.ID{}) {
		o.Instance = v.instance.String()
	}
	if v.session != nil {
		o.Session = v.session.AppID.String()
	}
	for _, t := range v.findings {
		o.Findings = append(o.Findings, findingObject{milliseconds(t.at), t.is.word, t.reason.Error()})
	}
	return json.NewEncoder(w).Encode(o)
}
