package main

// This file holds the flags about permessage-deflate, which the commands share.

import (
	"fmt"

	"github.com/seed-d69ae1b7/websocket/compress"
	"github.com/urfave/cli/v3"
)

// levels are the values of -level.
var levels = map[string]compress.Level{"fastest": compress.Fastest, "balanced": compress.Balanced, "smallest": compress.Smallest}

// compressionFlags returns the flags, with compression on or off unless -compress is given.
func compressionFlags(on bool) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "compress", Value: on, Usage: "compress messages with peers that can"},
		&cli.IntFlag{Name: "window-bits", Value: 15, Usage: "windows of at most 2^BITS bytes, 8 to 15, both ways"},
		&cli.BoolFlag{Name: "no-context-takeover", Usage: "compress each message by itself, both ways"},
		&cli.StringFlag{Name: "level", Value: "balanced", Usage: "fastest, balanced or smallest"},
	}
}

// compression returns what the flags ask for, or nil for none.
func compression(cmd *cli.Command) (*compress.Options, error) {
	if !cmd.Bool("compress") {
		return nil, nil
	}
	level, ok := levels[cmd.String("level")]
	if !ok {
		return nil, usageError{fmt.Errorf("-level %s: want fastest, balanced or smallest", cmd.String("level"))}
	}
	both := compress.Direction{MaxWindowBits: cmd.Int("window-bits"), NoContextTakeover: cmd.Bool("no-context-takeover")}
	o := &compress.Options{FromServer: both, FromClient: both, Level: level}
	if err := o.Validate(); err != nil {
		return nil, usageError{err}
	}
	return o, nil
}
