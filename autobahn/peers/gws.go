package main

import (
	"net/http"

	"github.com/lxzan/gws"
)

var gwsUpgrader = gws.NewUpgrader(gwsEcho{}, &gws.ServerOption{
	CheckUtf8Enabled:    true,
	ReadMaxPayloadSize:  32 << 20,
	WriteMaxPayloadSize: 32 << 20,
	PermessageDeflate: gws.PermessageDeflate{
		Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true, Threshold: 1,
	},
})

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnPing(c *gws.Conn, payload []byte) { c.WritePong(payload) }

func (gwsEcho) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	c.WriteMessage(m.Opcode, m.Bytes())
}

func gwsServer(w http.ResponseWriter, r *http.Request) {
	c, err := gwsUpgrader.Upgrade(w, r)
	if err != nil {
		return
	}
	c.ReadLoop()
}

func gwsClient(url string) error {
	c, _, err := gws.NewClient(gwsEcho{}, &gws.ClientOption{
		Addr:                url,
		CheckUtf8Enabled:    true,
		ReadMaxPayloadSize:  32 << 20,
		WriteMaxPayloadSize: 32 << 20,
		PermessageDeflate: gws.PermessageDeflate{
			Enabled: true, ServerContextTakeover: true, ClientContextTakeover: true, Threshold: 1,
		},
	})
	if err != nil {
		return err
	}
	c.ReadLoop()
	return nil
}
