// Package socketio implements Socket.IO, protocol revision 5, for servers.
package socketio
