package servers

import (
	"net"

	"github.com/lxzan/gws"
)

func init() {
	register(Library{
		Name:     "gws",
		Module:   "github.com/lxzan/gws",
		Setup:    "its own server, OnMessage, WriteMessage",
		Deflate:  true,
		Takeover: true,
		Serve: func(ln net.Listener, o Options) error {
			deflate := gws.PermessageDeflate{Enabled: o.Deflate, Threshold: 1}
			if o.Takeover {
				deflate.ServerContextTakeover, deflate.ClientContextTakeover = true, true
				deflate.ServerMaxWindowBits, deflate.ClientMaxWindowBits = 15, 15
			}
			return gws.NewServer(gwsEcho{}, &gws.ServerOption{PermessageDeflate: deflate}).RunListener(ln)
		},
	})
}

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes()) // an error ends the read loop
}
