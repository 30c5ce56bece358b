package redisadapter

// This file holds what Streams keeps for connection state recovery: sessions are values of Redis that end by themselves, and what was missed stands in the
// stream.

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed-d69ae1b7/websocket/socketio/internal/journal"
	"github.com/seed-d69ae1b7/websocket/socketio/internal/msgpack"
)

// Save keeps a session, as Node writes it.
func (s *streams) Save(pid string, session []byte, keep time.Duration) error {
	packed, err := msgpack.Append(nil, session, nil)
	if err != nil {
		return err
	}
	key, value := s.hub.opts.SessionPrefix+pid, base64.StdEncoding.EncodeToString(packed)
	return s.pub.put(len(key)+len(value), item{
		add: func(p redis.Pipeliner) redis.Cmder { return p.Set(context.Background(), key, value, keep) },
	})
}

// Forget deletes a session.
func (s *streams) Forget(pid string) error {
	key := s.hub.opts.SessionPrefix + pid
	return s.pub.put(len(key), item{add: func(p redis.Pipeliner) redis.Cmder { return p.Del(context.Background(), key) }})
}

// Saved waits for what is in the queue.
func (s *streams) Saved(ctx context.Context) error {
	c, err := s.pub.ask(ctx, func(p redis.Pipeliner) redis.Cmder { return p.Ping(ctx) })
	if err == nil {
		err = c.Err()
	}
	return err
}

// Take takes a session out of Redis, behind what this server has saved there.
func (s *streams) Take(ctx context.Context, pid string) ([]byte, error) {
	c, err := s.pub.ask(ctx, func(p redis.Pipeliner) redis.Cmder { return p.GetDel(ctx, s.hub.opts.SessionPrefix+pid) })
	if err == nil {
		err = c.Err()
	}
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return unpackSession(c.(*redis.StringCmd).Val())
}

// unpackSession returns a session as JSON.
func unpackSession(value string) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	text, _, err := msgpack.AppendJSON(nil, packed, nil, maxAttachments)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFormat, err)
	}
	return text, nil
}

// Holds reports whether everything behind a place is there: the entry is, or nothing has ever been dropped.
func (s *streams) Holds(ctx context.Context, p journal.Place) (bool, error) {
	if p != (journal.Place{}) {
		at, err := s.client.XRange(ctx, s.stream, p.String(), p.String()).Result()
		return len(at) > 0, err
	}
	info, err := s.client.XInfoStream(ctx, s.stream).Result()
	if err != nil && strings.Contains(err.Error(), "no such key") {
		return true, nil
	}
	return err == nil && info.EntriesAdded == info.Length, err
}

// Range reads what stands behind a place. What cannot be understood is left out.
func (s *streams) Range(ctx context.Context, behind journal.Place, f func(journal.Entry)) (journal.Place, error) {
	for {
		all, err := s.client.XRangeN(ctx, s.stream, "("+behind.String(), "+", 1000).Result()
		if err != nil || len(all) == 0 {
			return behind, err
		}
		for _, one := range all {
			behind = journal.PlaceOf(one.ID)
			if e, err := entryOf(one); err == nil {
				f(e)
			}
		}
	}
}
