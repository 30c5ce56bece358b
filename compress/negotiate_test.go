package compress

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d69ae1b7/websocket/internal/corpus"
)

// list parses "a; b=1; c", without quotes: enough for these tables.
func list(s string) (params []Param) {
	for p := range strings.SplitSeq(s, ";") {
		name, value, has := strings.Cut(strings.TrimSpace(p), "=")
		if name != "" {
			params = append(params, Param{name, value, has})
		}
	}
	return params
}

var (
	none       = Options{}
	noTakeover = Options{FromServer: Direction{NoContextTakeover: true}, FromClient: Direction{NoContextTakeover: true}}
	small      = Options{FromServer: Direction{MaxWindowBits: 10}, FromClient: Direction{MaxWindowBits: 11}}
)

// Each row is an offer, by itself, to a server with the given options.
func TestAccept(t *testing.T) {
	for _, test := range []struct {
		o             Options
		offer, answer string // the answer is without the name; "-" when there is none
		want          Params
	}{
		// Section 7.1: nothing asked, nothing limited.
		{none, "", "", Params{false, false, 15, 15}},
		{none, "client_max_window_bits", "", Params{false, false, 15, 15}},
		// Section 7.1.1.1
		{none, "server_no_context_takeover", "; server_no_context_takeover", Params{true, false, 15, 15}},
		{noTakeover, "", "; server_no_context_takeover; client_no_context_takeover", Params{true, true, 15, 15}},
		{none, "server_no_context_takeover=1", "-", Params{}},
		{none, "server_no_context_takeover=", "-", Params{}},
		{none, "server_no_context_takeover; server_no_context_takeover", "-", Params{}},
		// Section 7.1.1.2
		{none, "client_no_context_takeover", "; client_no_context_takeover", Params{false, true, 15, 15}},
		{none, "client_no_context_takeover=true", "-", Params{}},
		{none, "client_no_context_takeover; client_no_context_takeover", "-", Params{}},
		// Section 7.1.2.1
		{none, "server_max_window_bits=10", "; server_max_window_bits=10", Params{false, false, 10, 15}},
		{none, "server_max_window_bits=8", "; server_max_window_bits=8", Params{false, false, 8, 15}},
		{none, "server_max_window_bits=15", "; server_max_window_bits=15", Params{false, false, 15, 15}},
		{small, "server_max_window_bits=12; client_max_window_bits", "; server_max_window_bits=10; client_max_window_bits=11", Params{false, false, 10, 11}},
		{small, "server_max_window_bits=9; client_max_window_bits", "; server_max_window_bits=9; client_max_window_bits=11", Params{false, false, 9, 11}},
		{none, "server_max_window_bits", "-", Params{}},
		{none, "server_max_window_bits=", "-", Params{}},
		{none, "server_max_window_bits=7", "-", Params{}},
		{none, "server_max_window_bits=16", "-", Params{}},
		{none, "server_max_window_bits=08", "-", Params{}},
		{none, "server_max_window_bits=010", "-", Params{}},
		{none, "server_max_window_bits=05", "-", Params{}},
		{none, "server_max_window_bits=+10", "-", Params{}},
		{none, "server_max_window_bits=1e1", "-", Params{}},
		{none, "server_max_window_bits=99999999999999999999", "-", Params{}},
		{none, "server_max_window_bits=10; server_max_window_bits=10", "-", Params{}},
		// Section 7.1.2.2
		{none, "client_max_window_bits=12", "; client_max_window_bits=12", Params{false, false, 15, 12}},
		{none, "client_max_window_bits=15", "", Params{false, false, 15, 15}},
		{small, "client_max_window_bits=9", "; server_max_window_bits=10; client_max_window_bits=9", Params{false, false, 10, 9}},
		{small, "client_max_window_bits", "; server_max_window_bits=10; client_max_window_bits=11", Params{false, false, 10, 11}},
		{small, "", "; client_no_context_takeover; server_max_window_bits=10", Params{false, true, 10, 15}},
		{none, "client_max_window_bits=", "-", Params{}},
		{none, "client_max_window_bits=7", "-", Params{}},
		{none, "client_max_window_bits=16", "-", Params{}},
		{none, "client_max_window_bits=09", "-", Params{}},
		{none, "client_max_window_bits; client_max_window_bits", "-", Params{}},
		{none, "client_max_window_bits; client_max_window_bits=10", "-", Params{}},
		// What is not known is not accepted, whatever its case.
		{none, "unknown", "-", Params{}},
		{none, "Server_No_Context_Takeover", "-", Params{}},
	} {
		out, p, ok := test.o.Accept([]byte("x"), list(test.offer))
		want := "x" + Name + test.answer
		if test.answer == "-" {
			want = "x"
		}
		if string(out) != want || p != test.want || ok != (test.answer != "-") {
			t.Errorf("offer %q: answered %q, %+v, %v; want %q, %+v", test.offer, out, p, ok, want, test.want)
		}
	}
}

func TestAppendOffer(t *testing.T) {
	for _, test := range []struct {
		o    Options
		want string
	}{
		{none, "permessage-deflate; client_max_window_bits"},
		{noTakeover, "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
		{Options{FromClient: Direction{MaxWindowBits: 9}}, "permessage-deflate; client_max_window_bits=9"},
		{small, "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"},
		{strict(small), "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11, " +
			"permessage-deflate; server_no_context_takeover; client_max_window_bits=11"},
	} {
		if got := string(test.o.AppendOffer(nil)); got != test.want {
			t.Errorf("offered %q, want %q", got, test.want)
		}
	}
}

// strict returns o, which insists on what it asks for.
func strict(o Options) Options {
	o.Strict = true
	return o
}

// Each row is an answer to what a client with the given options offers.
func TestConfirm(t *testing.T) {
	fail := Params{}
	for _, test := range []struct {
		o      Options
		answer string
		want   Params
	}{
		{none, "", Params{false, false, 15, 15}},
		// What the server may answer unasked.
		{none, "server_no_context_takeover", Params{true, false, 15, 15}},
		{none, "client_no_context_takeover", Params{false, true, 15, 15}},
		{none, "server_max_window_bits=9", Params{false, false, 9, 15}},
		{none, "client_max_window_bits=8", Params{false, false, 15, 8}},
		{none, "client_max_window_bits=15; server_max_window_bits=15", Params{false, false, 15, 15}},
		// Section 7.1.1.1: accepted "by including" it.
		{noTakeover, "server_no_context_takeover", Params{true, true, 15, 15}},
		{noTakeover, "", Params{false, true, 15, 15}},
		{noTakeover, "client_no_context_takeover", Params{false, true, 15, 15}},
		{strict(noTakeover), "server_no_context_takeover", Params{true, true, 15, 15}},
		{strict(noTakeover), "client_no_context_takeover", fail},
		// What was asked is a wish: a server may answer less, and does with all that it could.
		{small, "", Params{false, false, 15, 11}},
		{small, "server_max_window_bits=11", Params{false, false, 11, 11}},
		{small, "server_max_window_bits=10; client_max_window_bits=12", Params{false, false, 10, 11}},
		// Section 7.1.2.1: the same or a smaller value; or our second offer was accepted.
		{strict(small), "server_max_window_bits=10", Params{false, false, 10, 11}},
		{strict(small), "server_max_window_bits=8; client_max_window_bits=8", Params{false, false, 8, 8}},
		{strict(small), "server_no_context_takeover; server_max_window_bits=12", Params{true, false, 12, 11}},
		{strict(small), "server_no_context_takeover", Params{true, false, 15, 11}},
		{strict(small), "server_max_window_bits=11", fail},
		{strict(small), "", fail},
		// Section 7.1.2.2
		{strict(small), "server_max_window_bits=10; client_max_window_bits=12", fail},
		// Section 7: what no answer may hold.
		{none, "client_max_window_bits", fail},
		{none, "server_max_window_bits", fail},
		{none, "server_max_window_bits=7", fail},
		{none, "server_max_window_bits=16", fail},
		{none, "server_max_window_bits=010", fail},
		{none, "client_max_window_bits=", fail},
		{none, "client_max_window_bits=10; client_max_window_bits=10", fail},
		{none, "server_no_context_takeover=1", fail},
		{none, "server_no_context_takeover; server_no_context_takeover", fail},
		{none, "mode=fast", fail},
	} {
		p, err := test.o.Confirm(list(test.answer))
		if p != test.want || (err != nil) != (test.want == fail) || err != nil && !errors.Is(err, ErrNegotiation) {
			t.Errorf("answer %q: %+v, %v; want %+v", test.answer, p, err, test.want)
		}
	}
}

// Whatever two of our own want, they come to the same agreement, and to no more memory than either allows.
func TestNegotiateWithOurselves(t *testing.T) {
	var all []Options
	for i := range 4 {
		for _, server := range []int{0, 8, 11, 15} {
			for _, client := range []int{0, 8, 11, 15} {
				all = append(all, Options{
					FromServer: Direction{NoContextTakeover: i&1 != 0, MaxWindowBits: server}, FromClient: Direction{NoContextTakeover: i&2 != 0, MaxWindowBits: client},
				})
			}
		}
	}
	for _, client := range all {
		for _, server := range all {
			first, _, _ := strings.Cut(string(client.AppendOffer(nil)), ",")
			answer, agreed, ok := server.Accept(nil, list(strings.TrimPrefix(first, Name)))
			if !ok {
				t.Fatalf("%+v did not accept %q", server, first)
			}
			confirmed, err := client.Confirm(list(strings.TrimPrefix(string(answer), Name)))
			if err != nil || confirmed != agreed {
				t.Fatalf("offer %q, answer %q: %+v for the server, %+v for the client: %v", first, answer, agreed, confirmed, err)
			}
			if agreed.ServerNoContextTakeover != (client.FromServer.NoContextTakeover || server.FromServer.NoContextTakeover) ||
				agreed.ClientNoContextTakeover != (client.FromClient.NoContextTakeover || server.FromClient.NoContextTakeover) ||
				agreed.ServerMaxWindowBits != min(windowBits(client.FromServer.MaxWindowBits), windowBits(server.FromServer.MaxWindowBits)) ||
				agreed.ClientMaxWindowBits != min(windowBits(client.FromClient.MaxWindowBits), windowBits(server.FromClient.MaxWindowBits)) {
				t.Fatalf("client %+v, server %+v: agreed on %+v", client, server, agreed)
			}
		}
	}
}

// TestWindowOfEachDirection protects that what one role makes with the window of its direction is read with that, and not with the
// other direction's, which may be smaller.
func TestWindowOfEachDirection(t *testing.T) {
	half := corpus.Random(1, 400) // twice that repeats beyond the least window
	msg := slices.Concat(half, half)
	for _, test := range []struct {
		name string
		p    Params
		from func(*Options, Params) *Deflater
		to   func(Params) *Inflater
	}{
		{"server", Params{ServerMaxWindowBits: 15, ClientMaxWindowBits: 8}, (*Options).ServerDeflater, Params.ClientInflater},
		{"client", Params{ServerMaxWindowBits: 8, ClientMaxWindowBits: 15}, (*Options).ClientDeflater, Params.ServerInflater},
	} {
		payload := test.from(&Options{}, test.p).AppendPart(nil, msg, true)
		if len(payload) > len(msg)*3/4 {
			t.Errorf("%s: %d bytes of %d: the window is not made use of", test.name, len(payload), len(msg))
		}
		if out, _, _, err := test.to(test.p).Append(nil, payload, true, len(msg)); string(out) != string(msg) || err != nil {
			t.Errorf("from the %s: %d bytes, %v", test.name, len(out), err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, o := range []Options{{}, {FromServer: Direction{MaxWindowBits: 8}, FromClient: Direction{MaxWindowBits: 15}}, {Level: Smallest}, {MinSize: -1}} {
		if err := o.Validate(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []Options{
		{FromServer: Direction{MaxWindowBits: 7}}, {FromClient: Direction{MaxWindowBits: 16}}, {FromClient: Direction{MaxWindowBits: -1}}, {Level: 3},
	} {
		if o.Validate() == nil {
			t.Errorf("%+v is valid", o)
		}
	}
}
