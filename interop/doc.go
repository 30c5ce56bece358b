// Package interop tests the library against other implementations: headless Chromium on the page of ws serve, Node's ws
// package, gorilla/websocket and coder/websocket; and through proxies, with the configurations of docs/proxies.md. With
// the tag more, which make interop-more sets, also against peers in Python and further ones in Node. It has only tests; make interop
// installs what they need and runs them.
package interop
