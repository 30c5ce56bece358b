package main

// This file holds the command ws version.

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version of the tool",
		Action: func(_ context.Context, cmd *cli.Command) error {
			_, err := fmt.Fprintln(cmd.Root().Writer, version(debug.ReadBuildInfo()))
			return err
		},
	}
}

// version returns what the go command has noted of the build: the version of the module, or else the commit.
func version(info *debug.BuildInfo, ok bool) string {
	v := "ws of an unknown version"
	if !ok {
		return v
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	switch commit := settings["vcs.revision"]; {
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		v = "ws " + info.Main.Version
	case commit != "":
		v = "ws of commit " + commit
	}
	if settings["vcs.modified"] == "true" {
		v += ", changed"
	}
	return fmt.Sprintf("%s, %s, %s/%s", v, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
