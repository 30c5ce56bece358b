package micro

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/gobwas/ws"
)

func init() {
	peers = append(peers, peer{
		name:         "gobwas",
		upgradeHTTP:  gobwasUpgradeHTTP,
		upgradeBytes: gobwasUpgrade,
		read:         gobwasRead,
		write:        gobwasWrite,
	})
}

func gobwasUpgradeHTTP(w http.ResponseWriter, r *http.Request) error {
	_, _, _, err := ws.UpgradeHTTP(r, w)
	return err
}

func gobwasUpgrade(nc net.Conn) error {
	_, err := ws.Upgrade(nc)
	return err
}

func gobwasRead(t *transport) (n int) {
	t.head = ""
	r, buf := bufio.NewReader(t), make([]byte, 2<<20)
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return n
		}
		if _, err := io.ReadFull(r, buf[:h.Length]); err != nil {
			return n
		}
		ws.Cipher(buf[:h.Length], h.Mask, 0)
		n++
	}
}

func gobwasWrite(t *transport, p []byte, n int) error {
	for range n {
		if err := ws.WriteFrame(t, ws.NewBinaryFrame(p)); err != nil {
			return err
		}
	}
	return nil
}
