package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// run is the command without the process around it: it returns the exit code.
// When ctx ends it reports what was done and returns exitInterrupted.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "homing",
		Short: "Reliable request/reply over the Katzenpost mixnet",
		Long: `Homing sends a request over the Katzenpost mixnet until it is answered, or says
why it was not. It is a library; this command tries it out, looks at daemons, and
stands in for one.`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetVersionTemplate("homing {{.Version}}\n")
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	root.AddCommand(pingCommand(stdout, stderr), daemonCommand(stdout, stderr), statusCommand(stdout, stderr), versionCommand())
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitAnswered
	}
	f := &failure{exitUsage, err} // what cobra complains about is the call
	errors.As(err, &f)
	if f.err == nil {
		return f.code // the totals have said it
	}
	if wantsJSON(args) && complainJSON(stdout, f) == nil {
		return f.code
	}
	fmt.Fprintf(stderr, "%s: %s\n", command.CommandPath(), strings.TrimPrefix(f.Error(), "homing: "))
	if f.code == exitUsage {
		fmt.Fprintf(stderr, "See '%s --help'.\n", command.CommandPath())
	}
	return f.code
}

// wantsJSON reports whether the arguments ask for JSON. Flags may not have been
// parsed when something is wrong with them.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// complainJSON writes a failure as an object.
func complainJSON(w io.Writer, f *failure) error {
	return json.NewEncoder(w).Encode(struct {
		Type     string `json:"type"`
		Error    string `json:"error"`
		ExitCode int    `json:"exit_code"`
	}{"error", strings.ReplaceAll(f.Error(), "\n", " "), f.code})
}
