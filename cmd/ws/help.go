package main

// This file holds the help screens of the commands with many flags: written by hand, so that each fits a terminal of 80 by 24.
// TestHelp compares them with the flags that there are.

const dialHelp = `ws dial [flags] URL         talk to a server (without a scheme: ws://)
On a terminal: lines are messages, with editing and history; /help has commands.
In a pipe: lines in, messages out. Other forms than lines, and other input:
  -0              zero bytes end them       -length    behind 4 bytes of length
  -base64, -hex   a line each               -binary    binary; alone: unframed
  -x MESSAGE      in place of the input     -n COUNT   end after COUNT messages
  -wait DURATION  behind the input          -close "CODE REASON"  at the end
The request:
  -H "NAME: VALUE"  header field            -subprotocol NAME
  -origin ORIGIN                            -user NAME[:PASSWORD]
The way:
  -proxy URL      or none                   -L         follow redirects
  -insecure       trust any certificate     -cacert FILE  trust only these
  -cert FILE, -key FILE  show this one      -reconnect  when it is lost
The connection:
  -compress       permessage-deflate, with  -level fastest|balanced|smallest,
  -window-bits 8 to 15, and                 -no-context-takeover
  -ping-interval DURATION  of silence       -limit BYTES  of a message
  -v              show handshake and frames
-wait is 1s with -x and else 0; negative, it lasts until the server closes. Exit
status: 0 closed in order, 1 failed here, 2 usage, 3 unreachable, 4 refused,
5 closed with an error's code, 6 lost, 7 protocol or limit broken by the server.
`

const serveHelp = `ws serve [flags]           echo every message, and serve a page to try it

  -addr HOST:PORT  127.0.0.1:9001          -dir DIR   in place of the page
  -tls             a certificate made now  -cert FILE, -key FILE  or this one
In place of the echo:
  -broadcast       to all connections      -tcp HOST:PORT  bridge, binary
  -exec COMMAND    one process each: messages are lines of its input and output
                   or, with -binary, bytes; CGI's variables have the request
Who may connect:
  -origin ORIGIN   pages of it, * for all; repeatable (default: to an echo all,
                   to others those of the same host)
  -subprotocol NAME  repeatable            -max COUNT  connections
The connections:
  -compress=false  no permessage-deflate   -level fastest|balanced|smallest
  -window-bits 8 to 15                     -no-context-takeover
  -ping-interval DURATION  of silence      -limit BYTES  of a message (64 MiB)
What is told of them:
  -log text, json or off                   -metrics HOST:PORT  for Prometheus
SIGTERM or Ctrl-C closes connections with 1001 and waits for them, at most 8 s.
`

const loadHelp = `ws load [flags] URL        put a server that echoes under load
  -c COUNT         connections (10)        -ramp DURATION  to make them in
  -duration DURATION  to send (10s)       -drain DURATION  for answers (5s)
The load, either
  -rate COUNT      messages a second in all, due at fixed times: latency counts
                   from then, so that a stall is seen in full; or
  -inflight COUNT  under way on each connection at any time (1)
The messages:
  -size BYTES      (125), or               -file FILE  each line in turn, or
  -0, -length, -base64, -hex  other forms  -binary     a file is one message
What comes of it:
  -json            on standard output      -svg FILE   a chart
  -fail CONDITION  fail if it holds, such as 'p99>50ms' or 'errors>0'; names are
                   pNN, min, mean, max, rate, errors, unanswered, connections
  -quiet           no progress
The connections, as for ws dial: -H -subprotocol -origin -user -proxy -insecure
  -cacert -cert -key -ping-interval -limit -compress -level -window-bits
  -no-context-takeover
`
