package micro

import (
	"net/http"

	"github.com/lxzan/gws"
)

// gwsCounter counts messages.
type gwsCounter struct {
	gws.BuiltinEventHandler
	n int
}

func (c *gwsCounter) OnMessage(_ *gws.Conn, m *gws.Message) {
	c.n++
	m.Close()
}

func init() {
	up := gws.NewUpgrader(&gwsCounter{}, nil)
	open := func(t *transport, h *gwsCounter) *gws.Conn {
		t.head = ""
		c, err := gws.NewUpgrader(h, nil).Upgrade(newResponse(t), parsed())
		if err != nil {
			panic(err) // of a constant request
		}
		return c
	}
	peers = append(peers, peer{
		name: "gws",
		upgradeHTTP: func(w http.ResponseWriter, r *http.Request) error {
			_, err := up.Upgrade(w, r)
			return err
		},
		read: func(t *transport) int {
			var h gwsCounter
			open(t, &h).ReadLoop()
			return h.n
		},
		write: func(t *transport, p []byte, n int) error {
			c := open(t, &gwsCounter{})
			for range n {
				if err := c.WriteMessage(gws.OpcodeBinary, p); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
