package main

import "fmt"

// The exit codes, as the help of each command and the README promise them.
const (
	exitAnswered    = 0   // every message was answered with the right bytes; done; healthy
	exitUnanswered  = 1   // at least one was not; refused; not healthy
	exitUsage       = 2   // flags, arguments or a configuration file that cannot be
	exitNoLink      = 3   // no link to the daemon, or it has no such service; it cannot listen
	exitInterrupted = 130 // SIGINT or SIGTERM; what was done has been reported
)

// failure is an error that ends the command, with its exit code.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the error without the code.
func (f *failure) Unwrap() error { return f.err }

// misuse is a failure that the caller can mend by calling otherwise.
func misuse(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}
