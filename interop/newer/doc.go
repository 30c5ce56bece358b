// Package newer tests the library with modules that need a newer Go than it does itself: an HTTP server that is not
// net/http's, HTTP/2, and tracing. This module is not in go.work, so that the others build with Go 1.25; run it with GOWORK=off.
package newer
