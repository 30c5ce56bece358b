// Package frameworks tests the handlers of an Upgrader behind routers that use their contexts again: what belongs to a
// request must be one client's as long as its function runs.
package frameworks
