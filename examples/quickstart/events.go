package main

import (
	"context"
	"iter"
	"strconv"

	"github.com/seed217079a1/endpoint"
)

// FollowUsers says where a feed begins and ends.
type FollowUsers struct {
	After int64 `header:"Last-Event-ID" validate:"min=0"` // the last change that is known; a browser sends it when it connects again
	Limit int   `query:"limit" validate:"min=0"`          // how many changes are sent; 0 for no end
}

// Sends what happened to users, and then what happens, each change at once.
func followUsers(ctx context.Context, in FollowUsers, store *Users) iter.Seq2[endpoint.Event, error] {
	// An iterator of events is answered as server-sent events. The loop ends
	// when the client goes away, because yield then returns false or ctx ends,
	// and when the store closes.
	return func(yield func(endpoint.Event, error) bool) {
		last, sent := in.After, 0
		for {
			changes, more := store.Since(last)
			for _, c := range changes {
				if !yield(event(c), nil) {
					return
				}
				last, sent = c.Number, sent+1
				if sent == in.Limit {
					return
				}
			}
			if more == nil {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	}
}

// event is how a change is sent: the id lets a client continue after it, and
// data that is no string goes out as JSON.
func event(c Change) endpoint.Event {
	return endpoint.Event{ID: strconv.FormatInt(c.Number, 10), Type: c.Kind, Data: c.User}
}
