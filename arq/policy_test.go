package arq

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestValidateNamesTheFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		field string
		spoil func(*Policy)
	}{
		{"Attempts", func(p *Policy) { p.Attempts = -1 }},
		{"Attempts", func(p *Policy) { p.Attempts, p.Deadline = 0, 0 }},
		{"Deadline", func(p *Policy) { p.Deadline = -1 }},
		{"Floor", func(p *Policy) { p.Floor = -1 }},
		{"Growth", func(p *Policy) { p.Growth = 0.99 }},
		{"Growth", func(p *Policy) { p.Growth = -2 }},
		{"Growth", func(p *Policy) { p.Growth = math.NaN() }},
		{"Growth", func(p *Policy) { p.Growth = math.Inf(1) }},
		{"Ceiling", func(p *Policy) { p.Ceiling = -1 }},
		{"Ceiling", func(p *Policy) { p.Ceiling = p.Floor - 1 }},
		{"Jitter.Mean", func(p *Policy) { p.Jitter.Mean = -1 }},
		{"Jitter.OfETA", func(p *Policy) { p.Jitter.OfETA = -0.1 }},
		{"Jitter.OfETA", func(p *Policy) { p.Jitter.OfETA = math.NaN() }},
		{"Jitter.OfETA", func(p *Policy) { p.Jitter.OfETA = math.Inf(1) }},
		{"Budget.Retransmissions", func(p *Policy) { p.Budget.Retransmissions = 1 }},
		{"Budget.Retransmissions", func(p *Policy) { p.Budget.Retransmissions = math.NaN() }},
		{"Budget.Sends", func(p *Policy) { p.Budget.Sends = -0.1 }},
		{"Budget.Loss", func(p *Policy) { p.Budget.Loss = 2 }},
		{"Budget.Fates", func(p *Policy) { p.Budget.Fates = -1 }},
	} {
		p := Interactive.Policy()
		c.spoil(&p)
		var wrong *PolicyError
		if err := p.Validate(); !errors.As(err, &wrong) || wrong.Field != c.field {
			t.Errorf("%+v: %v, want one about %s", p, err, c.field)
		} else if !strings.HasPrefix(err.Error(), "arq: policy: "+c.field+" ") {
			t.Errorf("the text is %q", err)
		}
	}
}

func TestValidateAcceptsWhatIsDocumentedAsZero(t *testing.T) {
	for _, p := range []Policy{
		{Attempts: 1},
		{Deadline: time.Second},
		{Attempts: 1, Floor: time.Hour},
		{Attempts: 1, Floor: time.Hour, Ceiling: time.Hour, Growth: 1},
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestTheZeroPolicyIsRefused(t *testing.T) {
	if err := new(Policy).Validate(); err == nil {
		t.Error("nothing bounds it")
	}
}
