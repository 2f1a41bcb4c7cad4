package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homing-mix/homing/sim"
)

// offer is one service that every node of the simulated network offers, or one
// node only.
type offer struct {
	kind, capability string
	node             string // "": every one of the instances
	delay            time.Duration
	counting         *sim.Counting // of kind counting, shared by its instances
}

// slowDelay is what slow takes if nothing is said.
const slowDelay = 5 * time.Second

// kinds are what a service can be.
var kinds = []string{"echo", "counting", "slow", "silent"}

// parseOffers reads services separated by commas, each as
// KIND[=CAPABILITY][@NODE][:DELAY].
func parseOffers(text string) ([]offer, error) {
	var offers []offer
	for part := range strings.SplitSeq(text, ",") {
		o, err := parseOffer(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		offers = append(offers, o)
	}
	return offers, nil
}

func parseOffer(text string) (offer, error) {
	rest, delay, delayed := strings.Cut(text, ":")
	rest, node, placed := strings.Cut(rest, "@")
	kind, capability, named := strings.Cut(rest, "=")
	o := offer{kind: kind, capability: kind, node: node}
	if named {
		o.capability = capability
	}
	if kind == "slow" {
		o.delay = slowDelay
	}
	switch {
	case !slices.Contains(kinds, kind):
		return o, fmt.Errorf("%q: want echo, counting, slow or silent, each as KIND[=CAPABILITY][@NODE][:DELAY]", text)
	case o.capability == "" || len(o.capability) > 31 || placed && node == "":
		return o, fmt.Errorf("%q: want a capability of 1 to 31 bytes after =, and the name of a node after @", text)
	case delayed && kind == "silent":
		return o, fmt.Errorf("%q: silent never answers, and has no delay", text)
	}
	if delayed {
		d, err := time.ParseDuration(delay)
		if err != nil || d < 0 {
			return o, fmt.Errorf("%q: want a duration after :, as slow:5s", text)
		}
		o.delay = d
	}
	if kind == "counting" {
		o.counting = sim.NewCounting("")
	}
	return o, nil
}

// offered is a service under the name and the capability it was given.
type offered struct {
	sim.Service
	node, capability string
}

// Name implements sim.Service.
func (o offered) Name() string { return o.node }

// Capability implements sim.Service.
func (o offered) Capability() string { return o.capability }

// services puts the offers on their nodes: service1 to as many as there are
// instances, and those that are named.
func services(offers []offer, instances int) ([]sim.Service, error) {
	var all []sim.Service
	seen := make(map[[2]string]bool)
	for _, o := range offers {
		nodes := []string{o.node}
		if o.node == "" {
			nodes = nil
			for i := range instances {
				nodes = append(nodes, fmt.Sprintf("service%d", i+1))
			}
		}
		for _, node := range nodes {
			if at := [2]string{node, o.capability}; seen[at] {
				return nil, fmt.Errorf("%s is on %s twice: name one of them as %s=NAME", o.capability, node, o.kind)
			} else {
				seen[at] = true
			}
			all = append(all, offered{o.service(), node, o.capability})
		}
	}
	return all, nil
}

func (o offer) service() sim.Service {
	var s sim.Service
	switch o.kind {
	case "counting":
		s = o.counting
	case "silent":
		return sim.Silent("")
	default:
		s = sim.Echo("")
	}
	if o.delay > 0 {
		s = sim.Slow{Service: s, Delay: o.delay}
	}
	return s
}
