// Package js tests the library under GOOS=js over real WebSockets: those of Chromium, of Node's ws package, and of Node.js itself. Its
// tests for js are the clients (client_js_test.go); a test of the system builds them, serves what they talk to, and runs them
// in each. It has only tests; make interop installs what they need and runs them.
package js
