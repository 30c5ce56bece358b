package websocket

// This file holds what a connection keeps of the context of its request: the values, which Conn.Context shows, and as
// little else as there is a way to, because it is kept as long as the connection.

import (
	"context"
	"net"
	"net/http"
	"reflect"
)

// keepValues returns a context from which values gets the values of ctx, that of a request on nc. net/http makes a
// chain of four for each request: two that can be cancelled, which is over, the local address, which nc knows, and one
// that all connections of the server share. The first three take 320 bytes, and go.
//
// What an application has put in front of them keeps them alive: nothing can be taken from behind a value.
func keepValues(ctx context.Context, nc net.Conn) context.Context {
	for {
		t := reflect.TypeOf(ctx)
		field, ok := parentFields[t]
		if !ok {
			return ctx
		}
		parent := reflect.ValueOf(ctx).Elem().FieldByIndex(field).Interface().(context.Context)
		if t == valueContext && !addsLocalAddr(ctx, parent, nc.LocalAddr()) {
			return ctx
		}
		ctx = parent
	}
}

// addsLocalAddr reports whether the value that ctx has and parent has not is net/http's local address, and addr.
func addsLocalAddr(ctx, parent context.Context, addr net.Addr) bool {
	return lacksLocalAddr(parent) && addr != nil &&
		reflect.TypeOf(addr).Kind() == reflect.Pointer && // so that the comparison cannot panic
		ctx.Value(http.LocalAddrContextKey) == addr
}

// lacksLocalAddr reports whether ctx is net/http's without the local address, which is what keepValues makes of it.
func lacksLocalAddr(ctx context.Context) bool {
	return ctx.Value(http.ServerContextKey) != nil && ctx.Value(http.LocalAddrContextKey) == nil
}

// values returns a context with all values of the request's.
func (c *Conn) values() context.Context {
	switch {
	case c.base == nil:
		return context.Background()
	case lacksLocalAddr(c.base):
		return context.WithValue(c.base, http.LocalAddrContextKey, c.LocalAddr())
	}
	return c.base
}

var valueContext = reflect.TypeOf(context.WithValue(context.Background(), http.LocalAddrContextKey, nil))

// parentFields knows where the contexts of package context embed the one they were derived from. Those of the types
// in it have nothing to show but its values, their end and, if of valueContext, one more value.
var parentFields = func() map[reflect.Type][]int {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithTimeout(context.Background(), 0)
	cancel()
	fields := make(map[reflect.Type][]int)
	for _, t := range []reflect.Type{reflect.TypeOf(cancelled), reflect.TypeOf(expired), valueContext} {
		if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
			continue // not in the Go that this was written with
		}
		if f, ok := t.Elem().FieldByName("Context"); ok && f.Type == reflect.TypeFor[context.Context]() {
			fields[t] = f.Index
		}
	}
	return fields
}()
