package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/arq"
)

// loss is a share, as 0.33 or 33%.
type loss float64

// Set implements pflag.Value.
func (l *loss) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	p, err := strconv.ParseFloat(number, 64)
	if percent {
		p /= 100
	}
	switch {
	case err != nil:
		return errors.New("want a share as 0.33 or 33%")
	case p > 1 && p <= 100 && !percent:
		return fmt.Errorf("want 0 to 1; for percent write %s%%", text)
	case !(p >= 0 && p <= 1):
		return errors.New("want 0 to 1, or 0% to 100%")
	}
	*l = loss(p)
	return nil
}

// String implements pflag.Value: in percent, as people speak of losses.
func (l *loss) String() string { return strconv.FormatFloat(float64(*l)*100, 'g', 4, 64) + "%" }

// Type implements pflag.Value.
func (*loss) Type() string { return "share" }

// profile is the name of a policy.
type profile homing.Profile

// Set implements pflag.Value.
func (p *profile) Set(text string) error {
	known, err := arq.ParseProfile(text)
	if err != nil {
		return err
	}
	*p = profile(known)
	return nil
}

// String implements pflag.Value.
func (p *profile) String() string { return homing.Profile(*p).String() }

// Type implements pflag.Value.
func (*profile) Type() string { return "name" }
