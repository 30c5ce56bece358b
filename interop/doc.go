// Package interop tests the library against other implementations: headless Chromium on the page of ws serve, Node's ws
// package, gorilla/websocket and coder/websocket; and through proxies, with the configurations of docs/proxies.md. It
// has only tests; make interop installs what they need and runs them.
package interop
