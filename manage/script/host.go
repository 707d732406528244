package script

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"go.starlark.net/starlark"
)

// Secrets gives scripts the function secret(name). It is called in the
// process of the host, with the context of the call, so that it can tell whose
// script is asking, and has to end with it; a name it does not know is a fault
// of the script. It may be called concurrently. Default: no name is known.
func Secrets(lookup func(ctx context.Context, name string) (string, bool)) Option {
	return option(func(h *host) error {
		if lookup == nil {
			return fmt.Errorf("script: Secrets is given nil; give a function, or leave the option out")
		}
		h.secrets = lookup
		return nil
	})
}

// A host is what scripts are given from outside their sandbox.
type host struct {
	secrets func(ctx context.Context, name string) (string, bool)
	fetcher fetcher
}

// A call is one run of a script as the interpreter sees it. It belongs to one
// goroutine.
type call struct {
	ctx      context.Context // of the request
	deadline time.Time       // when the call has to be over
	in       *request
	log      io.Writer
	outside  outside
	late     atomic.Bool // the time limit is over
	stopped  string      // another limit that is over, "" for none
	printed  int
	asks     int
	fetches  int
}

// outside is how a script reaches the host: directly, or through the link of
// a worker.
type outside interface {
	secret(ctx context.Context, name string) (string, error)
	fetch(ctx context.Context, out *outgoing) (*incoming, error)
}

// newCall returns a call that reaches the host directly.
func newCall(h *host, in *request, log io.Writer) *call {
	if log == nil {
		log = io.Discard
	}
	return &call{in: in, log: log, outside: h}
}

// callKey is where a thread keeps its call.
const callKey = "call"

func callOf(thread *starlark.Thread) *call {
	c, _ := thread.Local(callKey).(*call)
	return c
}

// stop ends the script at its next step.
func (c *call) stop(thread *starlark.Thread, why string) {
	if c.stopped == "" {
		c.stopped = why
	}
	thread.Cancel(why)
}

// print writes a line to the log until maxPrint bytes have been printed. Then
// it says so, once. The script goes on.
func (c *call) print(text string) {
	room := maxPrint - c.printed
	if room <= 0 {
		return
	}
	c.printed += len(text) + 1
	if len(text) >= room {
		text = fmt.Sprintf("%s\n[print: the limit of %d bytes is reached; what follows is not shown]", text[:room-1], maxPrint)
	}
	_, _ = io.WriteString(c.log, text+"\n")
}

// secret asks the host for a secret.
func (c *call) secret(name string) (string, error) {
	if c.asks++; c.asks > maxAsks {
		return "", fmt.Errorf("a call may ask for at most %d secrets", maxAsks)
	}
	if len(name) > maxMessage {
		return "", fmt.Errorf("the name of a secret has at most %d bytes", maxMessage)
	}
	ctx, cancel := context.WithDeadline(c.ctx, c.deadline)
	defer cancel()
	return c.outside.secret(ctx, name)
}

// fetch lets the host make a request.
func (c *call) fetch(out *outgoing) (*incoming, error) {
	if c.fetches++; c.fetches > maxFetches {
		return nil, fmt.Errorf("a call may make at most %d requests", maxFetches)
	}
	ctx, cancel := context.WithDeadline(c.ctx, c.deadline)
	defer cancel()
	return c.outside.fetch(ctx, out)
}

func (h *host) secret(ctx context.Context, name string) (string, error) {
	if h.secrets != nil {
		if value, ok := h.secrets(ctx, name); ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("there is no secret %q; the host has to offer it", name)
}

func (h *host) fetch(ctx context.Context, out *outgoing) (*incoming, error) {
	return h.fetcher.do(ctx, out)
}
