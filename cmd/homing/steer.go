package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/homing-mix/homing/sim"
)

// command is the body of a POST. Each command takes the fields that it needs.
type command struct {
	Loss    *float64 `json:"loss,omitempty"`    // weather: of round trips
	Forward *float64 `json:"forward,omitempty"` // weather: of the way there
	Return  *float64 `json:"return,omitempty"`  // weather: of the way back
	For     string   `json:"for,omitempty"`     // drop-gateway, restart-mix: a virtual duration, as 30s
	Node    string   `json:"node,omitempty"`    // kill-service, revive-service
	Same    bool     `json:"same,omitempty"`    // new-document: the current one once more
}

// answer is what a command says, and its status unless that is 200.
type answer struct {
	body   any
	status int
}

// commands are the paths of the endpoint.
var commands = map[string]struct {
	method string
	serve  func(*lookalike, command) (answer, error)
}{
	"/counters":       {http.MethodGet, (*lookalike).counters},
	"/health":         {http.MethodGet, (*lookalike).health},
	"/weather":        {http.MethodPost, (*lookalike).weather},
	"/drop-gateway":   {http.MethodPost, (*lookalike).dropGateway},
	"/restart":        {http.MethodPost, (*lookalike).restart},
	"/restart-mix":    {http.MethodPost, (*lookalike).restartMix},
	"/hang-up":        {http.MethodPost, (*lookalike).hangUp},
	"/kill-service":   {http.MethodPost, (*lookalike).killService},
	"/revive-service": {http.MethodPost, (*lookalike).reviveService},
	"/new-document":   {http.MethodPost, (*lookalike).newDocument},
}

// done is the answer to what has been done, which the diary tells too.
func (l *lookalike) done(format string, args ...any) (answer, error) {
	text := fmt.Sprintf(format, args...)
	l.diary.event(eventObject{Event: "control", Text: text})
	return answer{body: struct {
		Done string `json:"done"`
	}{text}}, nil
}

// healthObject is the state of a running look-alike.
type healthObject struct {
	Healthy     bool           `json:"healthy"` // all that follows is as clients want it
	Up          bool           `json:"up"`
	Gateway     bool           `json:"gateway"`
	Document    bool           `json:"document"`
	Wedged      bool           `json:"wedged"`
	Epoch       uint64         `json:"epoch"`
	Connections int            `json:"connections"`
	Version     string         `json:"version"`
	Seed        uint64         `json:"seed"`
	Speed       float64        `json:"speed"`
	VirtualMS   float64        `json:"virtual_ms"` // since it began
	Listen      []string       `json:"listen"`
	Services    []placedObject `json:"services"` // of the current document
}

type placedObject struct {
	Node       string `json:"node"`
	Capability string `json:"capability"`
}

func (l *lookalike) health(command) (answer, error) {
	s := l.daemon.State()
	h := healthObject{
		Healthy: s.Up && s.Gateway && s.Document && !s.Wedged,
		Up:      s.Up, Gateway: s.Gateway, Document: s.Document, Wedged: s.Wedged, Epoch: s.Epoch, Connections: s.Connections,
		Version: l.version.String(), Seed: l.seed, Speed: l.speed, VirtualMS: *milliseconds(l.diary.now()),
		Services: []placedObject{},
	}
	for _, each := range l.listeners {
		h.Listen = append(h.Listen, each.at.String())
	}
	for _, i := range l.daemon.Instances() {
		h.Services = append(h.Services, placedObject{i.Node, i.Capability})
	}
	status := http.StatusOK
	if !h.Healthy {
		status = http.StatusServiceUnavailable
	}
	return answer{h, status}, nil
}

func (l *lookalike) counters(command) (answer, error) {
	all := fields(nil, l.daemon.Counters())
	for _, o := range l.offers {
		if o.counting != nil {
			all = append(all,
				pair{o.capability + "_executions", o.counting.Total()},
				pair{o.capability + "_duplicates", o.counting.Duplicates()})
		}
	}
	return answer{body: all}, nil
}

func (l *lookalike) weather(asked command) (answer, error) {
	ways := asked.Forward != nil || asked.Return != nil
	switch {
	case asked.Loss != nil && !ways:
		if err := l.daemon.SetLoss(*asked.Loss); err != nil {
			return answer{}, errors.New("loss: want 0 to 1")
		}
		share := loss(*asked.Loss)
		return l.done("%v of round trips are lost from now on", &share)
	case asked.Loss == nil && ways:
		there, back := value(asked.Forward), value(asked.Return)
		if err := l.daemon.SetWayLoss(there, back); err != nil {
			return answer{}, errors.New("forward, return: want 0 to 1")
		}
		share, other := loss(there), loss(back)
		return l.done("%v are lost on the way there and %v on the way back from now on", &share, &other)
	}
	return answer{}, errors.New("want loss, or forward and return, each 0 to 1")
}

// value is 0 for nil.
func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// maxOutage keeps the model's instants in their range.
const maxOutage = 10 * 365 * 24 * time.Hour

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxOutage {
		return 0, errors.New("for: want a duration, as 30s or 5m")
	}
	return d, nil
}

func (l *lookalike) dropGateway(asked command) (answer, error) {
	d, err := duration(asked.For)
	if err != nil {
		return answer{}, err
	}
	l.daemon.DropGateway(d)
	if l.daemon.State().Wedged {
		return l.done("the gateway is away for %v, and the daemon is wedged until a restart", d)
	}
	return l.done("the gateway is away for %v", d)
}

func (l *lookalike) restart(command) (answer, error) {
	if err := l.daemon.Restart(); err != nil && !errors.Is(err, sim.ErrRunning) {
		return answer{status: http.StatusConflict}, err
	}
	return l.done("the daemon has restarted")
}

func (l *lookalike) restartMix(asked command) (answer, error) {
	d := time.Duration(math.Round(float64(l.epoch) * 1.5))
	if asked.For != "" {
		var err error
		if d, err = duration(asked.For); err != nil {
			return answer{}, err
		}
	}
	l.daemon.RestartMix(d)
	return l.done("a mix has restarted: everything is lost for %v", d)
}

func (l *lookalike) hangUp(command) (answer, error) {
	l.daemon.HangUp()
	return l.done("every connection is broken")
}

func (l *lookalike) killService(asked command) (answer, error) {
	if err := l.daemon.KillService(asked.Node); err != nil {
		return answer{}, fmt.Errorf("node: %w", err)
	}
	return l.done("%s is dead, and missing from the next document", asked.Node)
}

func (l *lookalike) reviveService(asked command) (answer, error) {
	if err := l.daemon.ReviveService(asked.Node); err != nil {
		return answer{}, fmt.Errorf("node: %w", err)
	}
	return l.done("%s lives, and is in the next document", asked.Node)
}

func (l *lookalike) newDocument(asked command) (answer, error) {
	if asked.Same {
		l.daemon.NewDocument()
		return l.done("the document of epoch %d was sent again", l.daemon.State().Epoch)
	}
	l.daemon.AdvanceEpoch()
	return l.done("the document of epoch %d is there", l.daemon.State().Epoch)
}
