// Package interop holds tests of package socketio against the official clients: versions 4 and 3 of socket.io-client, in Node and in
// headless Chromium, and the client of python3-socketio. The same scenarios (node/scenarios.js) run in Node and in the page. The client of
// package socketio is tested against the official server in Node (nodeserver) and that of python3-socketio. Run them with make
// interop-socketio, which installs what npm has.
package interop
