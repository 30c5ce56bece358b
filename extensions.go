package websocket

// This file holds the negotiation of extensions (RFC 6455, Section 9.1), of which there is one: permessage-deflate.
// What its parameters mean stands in package compress; how lists are read, in list.go.

import (
	"errors"

	"github.com/seed-d69ae1b7/websocket/compress"
)

// acceptExtensions is the server's half: it takes the first of the client's offers that wanted can accept, appends
// what to answer to dst, and returns what is agreed on by that answer, or nil. wanted may be nil.
func acceptExtensions(dst []byte, wanted *compress.Options, offers []extension) (answer []byte, _ *compress.Params) {
	if wanted == nil {
		return dst, nil
	}
	for _, offer := range offers {
		if offer.Name != compress.Name {
			continue
		}
		// RFC 7692, Section 5: a server that cannot accept an offer goes on to the client's next one.
		if answer, agreed, ok := wanted.Accept(dst, offer.Params); ok {
			return answer, &agreed
		}
	}
	return dst, nil
}

var (
	errNotOffered   = errors.New("an extension that was not offered")
	errAnsweredMore = errors.New("more than one extension")
)

// confirmExtensions is the second part of the client's half, after compress.Options.AppendOffer: it takes the
// server's answer and returns what was agreed on, or nil. wanted is nil if nothing was offered.
func confirmExtensions(wanted *compress.Options, answer []extension) (*compress.Params, error) {
	if len(answer) == 0 {
		return nil, nil
	}
	// RFC 6455, Section 9.1: a client must fail the connection if the server answers an extension that was not asked
	// for.
	if wanted == nil || answer[0].Name != compress.Name {
		return nil, errNotOffered
	}
	if len(answer) > 1 {
		return nil, errAnsweredMore
	}
	agreed, err := wanted.Confirm(answer[0].Params)
	return &agreed, err
}

// compressors returns what a connection's role needs for what was agreed on.
func compressors(o *compress.Options, p compress.Params, client bool) (*compress.Inflater, *compress.Deflater) {
	if client {
		return p.ClientInflater(), o.ClientDeflater(p)
	}
	return p.ServerInflater(), o.ServerDeflater(p)
}
