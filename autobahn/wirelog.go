package autobahn

// This file keeps the log of a connection in the rows that the original's reports have, and its counters.

import "encoding/hex"

// wireRows bounds the log, so that an endpoint that floods cannot fill the suite's memory with it.
const wireRows = 4096

// A wireRow is one line of the wire log: its kind (RO, TO, RF, TF: octets and frames, received and transmitted; CT,
// CTE, KL, KLE, TI, TIE: timers; WLM: the log itself), the time since the connection was made, and the row's values.
type wireRow struct {
	kind   string
	millis float64
	values []any
}

// MarshalJSON writes the kind and the values as one list, as the original does; the time is in the HTML only.
func (w wireRow) MarshalJSON() ([]byte, error) {
	return plainJSON(append([]any{w.kind}, w.values...))
}

// logRow appends a row that does not depend on the log being on.
func (r *run) logRow(kind string, values ...any) {
	if len(r.res.Wirelog) < wireRows {
		r.res.Wirelog = append(r.res.Wirelog, wireRow{kind, float64(r.since().Microseconds()) / 1000, values})
	}
}

// logging turns the octets and frames of the log on or off; timers are always logged.
func (r *run) logging(on bool) {
	if on != r.res.CreateWirelog {
		r.res.CreateWirelog = on
		r.logRow("WLM", on)
	}
}

func (r *run) logOctets(kind string, b []byte, sync bool) {
	stats := r.res.RxOctetStats
	if kind == "TO" {
		stats = r.res.TxOctetStats
	}
	stats[len(b)]++
	if !r.res.CreateWirelog {
		return
	}
	shown := []any{len(b), showHex(b)}
	if kind == "TO" {
		r.logRow(kind, shown, sync)
		return
	}
	r.logRow(kind, shown)
}

func (r *run) logReceived(h header, payload []byte) {
	r.res.RxFrameStats[int(h.opcode)]++
	if r.res.CreateWirelog {
		r.logRow("RF", []any{len(payload), show(string(head(payload)))}, h.opcode, h.fin, h.rsv, h.masked, showKey(h.masked, h.key))
	}
}

func (r *run) logSent(f frame, masked bool, key [4]byte) {
	r.res.TxFrameStats[int(f.opcode)]++
	if r.res.CreateWirelog {
		var chop any
		if f.chop > 0 {
			chop = f.chop
		}
		r.logRow("TF", []any{len(f.payload), show(string(head(f.payload)))}, f.opcode, !f.partial, f.rsv,
			showKey(masked, key), nil, chop, f.sync)
	}
}

// head is as much of a payload as show looks at.
func head(b []byte) []byte { return b[:min(len(b), 65)] }

func showHex(b []byte) string {
	if len(b) > 60 {
		return hex.EncodeToString(b[:min(len(b), 64)]) + " ..."
	}
	return hex.EncodeToString(b)
}

func showKey(masked bool, key [4]byte) any {
	if !masked {
		return nil
	}
	return hex.EncodeToString(key[:])
}
