package script

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// An Engine compiles and runs scripts. [Workers] and [InProcess] make one. Its
// methods may be called concurrently.
type Engine struct {
	limits Limits
	host   host
	faults error // of limits and options
	runner runner
}

// A runner is the way in which scripts run.
type runner interface {
	// compile reports what is wrong with a script.
	compile(ctx context.Context, s *source) error
	run(ctx context.Context, s *source, c *call) (*response, error)
	close() error
}

// An Option gives scripts something of the host's.
type Option interface{ apply(*host) error }

type option func(*host) error

func (o option) apply(h *host) error { return o(h) }

// Workers returns an engine that runs scripts in other processes: the same
// executable started again, whose main must begin with a call of [Worker].
// This is the engine for scripts that are not trusted. Nothing is started
// before the first Compile. What is wrong with limits or options is the error
// of every Compile.
func Workers(limits Limits, opts ...Option) *Engine {
	e := newEngine(limits, opts)
	e.runner = newPool(e.limits)
	return e
}

// InProcess returns an engine that runs scripts in this process, for trusted
// scripts only: the limits on steps, time, recursion and output hold, but a
// single step can take any time and all memory, and so end the process.
func InProcess(limits Limits, opts ...Option) *Engine {
	e := newEngine(limits, opts)
	e.runner = newInterpreter(e.limits)
	return e
}

func newEngine(limits Limits, opts []Option) *Engine {
	limits, fault := limits.withDefaults()
	e := &Engine{limits: limits}
	faults := []error{fault}
	for _, o := range opts {
		faults = append(faults, o.apply(&e.host))
	}
	e.faults = errors.Join(faults...)
	e.host.fetcher.limit(limits)
	return e
}

// Compile compiles the text of a script and runs nothing of it. The error is
// an [*Error] with file, line and column if the script is to blame, and has a
// method Temporary() bool that says true if the engine could not work.
//
// The function runs the script's handler for a request, whose body has been
// read already or is cheap to read, and writes what the script prints to log,
// which may be nil. Every call runs the whole file anew, so that calls share
// nothing. Its errors are those of Compile, and the context's if that ended.
func (e *Engine) Compile(ctx context.Context, file string, text []byte) (func(ctx context.Context, r *http.Request, log io.Writer) (*http.Response, error), error) {
	if e.faults != nil {
		return nil, e.faults
	}
	if len(text) > e.limits.Source {
		return nil, &Error{File: file, Message: fmt.Sprintf("the source limit is %d bytes; this script has %d", e.limits.Source, len(text))}
	}
	s := newSource(file, text)
	if err := e.runner.compile(ctx, s); err != nil {
		return nil, err
	}
	return func(ctx context.Context, r *http.Request, log io.Writer) (*http.Response, error) {
		return e.serve(ctx, s, r, log)
	}, nil
}

// Close ends all workers. Calls that run get a temporary error, and so does
// everything after it. It may be called more than once.
func (e *Engine) Close() error { return e.runner.close() }

func (e *Engine) serve(ctx context.Context, s *source, r *http.Request, log io.Writer) (*http.Response, error) {
	in, err := newRequest(s.file, r, e.limits.maxBody())
	if err != nil {
		return nil, err
	}
	out, err := e.runner.run(ctx, s, newCall(&e.host, in, log))
	if err != nil {
		return nil, err
	}
	return out.http(r), nil
}

// A source is the text of a script. It is the same script only if the name of
// the file is the same too, since errors tell it.
type source struct {
	file    string
	text    []byte
	key     [sha256.Size]byte
	credit  atomic.Int32            // see pool.judge
	program atomic.Pointer[program] // of an in-process engine
}

func newSource(file string, text []byte) *source {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s", len(file), file)
	h.Write(text)
	s := &source{file: file, text: bytes.Clone(text)}
	h.Sum(s.key[:0])
	return s
}

// A request is what a script sees of one.
type request struct {
	method, path, query string
	header              []string // names and values in turn
	body                []byte
}

func newRequest(file string, r *http.Request, limit int64) (*request, error) {
	in := &request{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery}
	if r.Host != "" {
		in.header = append(in.header, "Host", r.Host)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			in.header = append(in.header, name, value)
		}
	}
	if r.Body == nil {
		return in, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("script: the body of the request could not be read: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, &Error{File: file, Message: fmt.Sprintf("the body of the request has more than %d bytes, a quarter of the memory limit", limit)}
	}
	in.body = body
	return in, nil
}

// A response is what a script answers, checked already.
type response struct {
	status int
	header []string // names and values in turn
	body   []byte
}

func (out *response) http(r *http.Request) *http.Response {
	h := make(http.Header)
	for i := 0; i+1 < len(out.header); i += 2 {
		h.Add(out.header[i], out.header[i+1])
	}
	return &http.Response{
		Status:     strings.TrimSpace(fmt.Sprintf("%d %s", out.status, http.StatusText(out.status))),
		StatusCode: out.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          io.NopCloser(bytes.NewReader(out.body)),
		ContentLength: int64(len(out.body)),
		Request:       r,
	}
}
