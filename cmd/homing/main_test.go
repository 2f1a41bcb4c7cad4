package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homing-mix/homing/sim"
)

// asCommand in the environment makes the test binary the command itself, for
// tests that send it signals.
const asCommand = "HOMING_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main() // and exit
	}
	goleak.VerifyTestMain(m)
}

// call runs the command in this process.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// lines are those of a text, without the last line's end.
func lines(text string) []string { return strings.Split(strings.TrimRight(text, "\n"), "\n") }

// stand starts a daemon that ping takes for a real one, in real time, before a
// network that is fast and loses nothing.
func stand(t *testing.T, cfg sim.DaemonConfig, services ...sim.Service) *sim.Daemon {
	t.Helper()
	if len(services) == 0 {
		services = []sim.Service{sim.Echo("node")}
	}
	cfg.Mixnet.LambdaP, cfg.Mixnet.Mu, cfg.Mixnet.Residual = 1, 1, sim.Constant(0)
	cfg.Mixnet.Services = services
	d, err := sim.StartDaemon(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// lineHook calls seen with every line as it is written.
type lineHook struct {
	bytes.Buffer
	seen func(line string)
}

func (h *lineHook) Write(p []byte) (int, error) {
	h.seen(string(p))
	return h.Buffer.Write(p)
}

// interrupted is a context that ends when a line with the given text is written.
func interrupted(t *testing.T, text string) (context.Context, *lineHook) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, &lineHook{seen: func(line string) {
		if strings.Contains(line, text) {
			cancel()
		}
	}}
}
