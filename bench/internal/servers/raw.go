package servers

import "net"

func init() {
	register(Library{
		Name:  Floor,
		Setup: "net.Conn: Read into a buffer of 256 B (64 KiB once a read has filled it), Write what came",
		Raw:   true,
		Serve: func(ln net.Listener, _ Options) error { return serveConns(ln, rawEcho) },
	})
}

// rawEcho is what the kernel and the runtime cost without any protocol. The buffer is small at first because an idle
// connection is a floor, too.
func rawEcho(nc net.Conn) {
	defer nc.Close()
	buf := make([]byte, 256)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		if _, err := nc.Write(buf[:n]); err != nil {
			return
		}
		if n == len(buf) && n < 64<<10 {
			buf = make([]byte, 64<<10)
		}
	}
}
