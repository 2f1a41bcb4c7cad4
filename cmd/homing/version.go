package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it was built from",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "homing %s\n", version())
			return err
		},
	}
}

// version tells what this was built from, as far as the build has recorded it:
// go run records no commit.
func version() string {
	built, toolchain := "(unknown)", runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			built = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				built += ", commit " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				built += " with changes"
			}
		}
	}
	return fmt.Sprintf("%s, %s %s/%s", built, toolchain, runtime.GOOS, runtime.GOARCH)
}
