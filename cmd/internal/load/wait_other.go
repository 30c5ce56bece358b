//go:build !linux

package load

import (
	"context"
	"time"
)

// wait is pause.
func wait(ctx context.Context, d time.Duration) { pause(ctx, d) }
