package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"go.uber.org/goleak"

	"github.com/homing-mix/homing/sim"
)

func TestMain(m *testing.M) {
	// The simulated daemon of the program lives as long as the program.
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// build compiles what is named into a program.
func build(t *testing.T, what string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "echo.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, what).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", what, err, out)
	}
	return program
}

// output runs the program against the daemon at an address.
func output(t *testing.T, program, address string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), program)
	c.Env = append(os.Environ(), "KPCLIENTD="+address)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

var echoed = regexp.MustCompile(`"hello" in \d+\.\d s, attempts: (\d+)\n$`)

func TestTheProgramRunsWithNothingElseAndIsAnsweredAfterALoss(t *testing.T) {
	out := output(t, build(t, "."), "")
	if found := echoed.FindStringSubmatch(out); found == nil || found[1] == "1" {
		t.Errorf("want an echo after more than one attempt, got:\n%s", out)
	}
}

func TestTheFileOfTheReadmeIsAProgramOfItsOwn(t *testing.T) { build(t, "main.go") }

func TestTheProgramSpeaksToTheDaemonItIsGiven(t *testing.T) {
	d, err := sim.StartDaemon(sim.DaemonConfig{Mixnet: sim.MixnetConfig{
		LambdaP: 1, Mu: 1, Residual: sim.Constant(0), Services: []sim.Service{sim.Echo("node")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	out := output(t, build(t, "."), d.Addr().String())
	if !echoed.MatchString(out) {
		t.Errorf("want an echo, got:\n%s", out)
	}
	if n := d.Counters().Departed; n == 0 {
		t.Error("it spoke to another daemon than the one it was given")
	}
}
