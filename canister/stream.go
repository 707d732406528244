package canister

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// defaultCalls is how often a strategy calls back unless Limit says otherwise;
// gateways stop there too.
const defaultCalls = 1000

// A StreamingStrategy brings the body of an answer in chunks; [Callback] makes
// one. A canister returns it in its HTTPResponse. Any other handler of package
// endpoint can return its Reader, or range over its Chunks.
type StreamingStrategy interface {
	// Chunks calls back until there is no token, and gives each body, empty
	// ones too. It ends with an error if a call fails, if ctx ends, or if there
	// still is a token after the last call allowed. It may be ranged over
	// again, from the first token.
	Chunks(ctx context.Context) iter.Seq2[[]byte, error]
	// Reader reads the bodies one after another, calling back when asked for
	// more. As a result of a handler it is sent as it comes. Closing it ends
	// the calls; nothing is left behind if it is not closed.
	Reader(ctx context.Context) io.ReadCloser
	// Limit returns the strategy with another number of calls allowed; the
	// default, also for 0 or less, is 1000.
	Limit(calls int) StreamingStrategy

	sealed()
}

// Callback makes a strategy that calls fn with a token, then with the next one
// that fn returned, until that is nil. Tokens are the service's own: nothing
// else looks at them. Each call is a query: it sees the states as they are
// then, and cannot change them.
func Callback[T any](token T, fn func(ctx context.Context, token T) (body []byte, next *T, err error)) StreamingStrategy {
	return callback[T]{first: token, fn: fn, limit: defaultCalls}
}

type callback[T any] struct {
	first T
	fn    func(context.Context, T) ([]byte, *T, error)
	limit int
}

func (callback[T]) sealed() {}

func (c callback[T]) Limit(calls int) StreamingStrategy {
	if calls <= 0 {
		calls = defaultCalls
	}
	c.limit = calls
	return c
}

func (c callback[T]) Chunks(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for cur := c.cursor(); cur.next != nil; {
			body, err := cur.step(ctx)
			if !yield(body, err) || err != nil {
				return
			}
		}
	}
}

func (c callback[T]) Reader(ctx context.Context) io.ReadCloser {
	return &chunkReader[T]{ctx: ctx, cursor: c.cursor()}
}

func (c callback[T]) cursor() *cursor[T] {
	return &cursor[T]{fn: c.fn, next: &c.first, limit: c.limit}
}

// A cursor is a walk along the tokens.
type cursor[T any] struct {
	fn    func(context.Context, T) ([]byte, *T, error)
	next  *T // nil at the end
	calls int
	limit int
}

// errNoCallback is the fault of a strategy without a function.
var errNoCallback = errors.New("canister: Callback was given a nil function; give one")

// step makes one call.
func (c *cursor[T]) step(ctx context.Context) ([]byte, error) {
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case c.fn == nil:
		return nil, errNoCallback
	case c.calls >= c.limit:
		return nil, fmt.Errorf("canister: after %d calls there still is a token; send larger chunks, or raise Limit", c.calls)
	}
	c.calls++
	ctx, end := queryContext(ctx)
	defer end()
	body, next, err := c.fn(ctx, *c.next)
	if err != nil {
		return nil, err
	}
	c.next = next
	return body, nil
}

// A chunkReader reads what a cursor brings.
type chunkReader[T any] struct {
	ctx    context.Context // of the request that it answers
	cursor *cursor[T]
	rest   []byte
	err    error
}

// Read reads from one chunk at a time.
func (r *chunkReader[T]) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		switch {
		case r.err != nil:
			return 0, r.err
		case len(p) == 0:
			return 0, nil
		case r.cursor.next == nil:
			return 0, io.EOF
		}
		r.rest, r.err = r.cursor.step(r.ctx)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close ends the calls.
func (r *chunkReader[T]) Close() error {
	if r.err == nil {
		r.err = errReaderClosed
	}
	r.rest = nil
	return nil
}

// errReaderClosed is the error of reading after Close.
var errReaderClosed = errors.New("canister: the reader was closed")
