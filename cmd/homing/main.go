// Command homing tries out request/reply over the Katzenpost mixnet.
//
//	homing ping -c 20                                # a simulated daemon and network in this process
//	homing ping --daemon unix:///run/kpclientd.sock  # a real one
//	homing status --daemon tcp://127.0.0.1:64331     # can it be used, and if not what to do
//	homing daemon --dialect v0.0.55 --loss 10%       # a simulated one, for other programs
//
// The --help of each describes the flags, the JSON lines and the exit codes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A closed output is an error of the write, with its exit code, and ends
	// nothing before sockets are removed.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// From then on a second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
