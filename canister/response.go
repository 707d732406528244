package canister

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

// check returns why a response cannot be sent, as an error for the client.
func (r *HTTPResponse) check() error {
	if r.StatusCode < 200 || r.StatusCode > 999 {
		return endpoint.Errorf(http.StatusInternalServerError, "Invalid canister response status code: %d", r.StatusCode)
	}
	for _, f := range r.Headers {
		if !isToken(f.Name) || !isFieldValue(f.Value) {
			return fmt.Errorf("canister response has header field %q, whose name or value no header can have", f.Name)
		}
	}
	return nil
}

// isToken reports whether s can be the name of a header field.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s can be the value of a header field.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// setHeader puts the fields of the response into h. They replace what
// middleware set before, but for fields that are lists of everybody's.
func (r *HTTPResponse) setHeader(h http.Header, method string) {
	seen := make(map[string]bool, len(r.Headers))
	for _, f := range r.Headers {
		key := http.CanonicalHeaderKey(f.Name)
		switch key {
		case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
			continue // they are the connection's, which is the server's
		case "Vary", "Set-Cookie":
		default:
			if !seen[key] {
				delete(h, key)
			}
		}
		seen[key] = true
		h[key] = append(h[key], f.Value)
	}
	switch {
	case !r.hasBody():
		delete(h, "Content-Length")
	case r.StreamingStrategy == nil && (method != http.MethodHead || len(r.Body) > 0):
		h["Content-Length"] = []string{strconv.Itoa(len(r.Body))}
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // what the service did not say is not guessed
	}
}

// hasBody reports whether an answer with this status has a body.
func (r *HTTPResponse) hasBody() bool {
	return r.StatusCode != http.StatusNoContent && r.StatusCode != http.StatusNotModified
}

// write sends the header, which is complete, and the body.
func (r *HTTPResponse) write(ctx context.Context, w http.ResponseWriter, method string) error {
	out := &output{w: w, control: http.NewResponseController(w), status: int(r.StatusCode)}
	switch {
	case !r.hasBody() || method == http.MethodHead:
		out.start()
		return nil
	case r.StreamingStrategy != nil:
		return out.stream(ctx, r.Body, r.StreamingStrategy)
	}
	return out.send(r.Body)
}

const (
	// writeTimeout is the longest time that one write of an answer may take.
	writeTimeout = 20 * time.Second
	// pieceSize is how much is written under one deadline, in bytes.
	pieceSize = 64 << 10
)

// An output writes an answer. The header goes out with the first byte, so that
// an error before it is an ordinary error.
type output struct {
	w       http.ResponseWriter
	control *http.ResponseController
	status  int
	started bool
}

func (o *output) start() {
	if !o.started {
		o.started = true
		o.w.WriteHeader(o.status)
	}
}

// send writes a whole body. One of several pieces is flushed, so that all of it
// is under a deadline.
func (o *output) send(p []byte) error {
	o.start()
	if len(p) <= pieceSize {
		_, err := o.w.Write(p)
		return lengthFault(err)
	}
	if ok, err := o.write(p); !ok || !o.flush() {
		return err
	}
	o.settle()
	return nil
}

// write writes bytes, each piece under a deadline of its own, so that a client
// that does not read is let go. It reports whether the client is still there.
func (o *output) write(p []byte) (ok bool, err error) {
	o.start()
	for len(p) > 0 {
		n := min(len(p), pieceSize)
		_ = o.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // a connection without deadlines has none
		if _, err := o.w.Write(p[:n]); err != nil {
			return false, lengthFault(err)
		}
		p = p[n:]
	}
	return true, nil
}

// lengthFault returns the error of a write if it is the service's fault. All
// others mean that the client is gone, which cannot be told anybody.
func lengthFault(err error) error {
	if errors.Is(err, http.ErrContentLength) {
		return fmt.Errorf("canister response is longer than its Content-Length: %w", err)
	}
	return nil
}

// settle takes the deadline back: the next request has its own.
func (o *output) settle() { _ = o.control.SetWriteDeadline(time.Time{}) }

// flush sends what is buffered and reports whether the client is still there.
// A writer that cannot flush sends when it likes.
func (o *output) flush() bool {
	err := o.control.Flush()
	return err == nil || errors.Is(err, http.ErrNotSupported)
}

// stream writes the body and then what the strategy brings, each chunk flushed.
func (o *output) stream(ctx context.Context, body []byte, s StreamingStrategy) error {
	if len(body) > 0 {
		if ok, err := o.write(body); !ok || !o.flush() {
			return err
		}
	}
	for chunk, err := range s.Chunks(ctx) {
		if err != nil {
			return o.failed(err)
		}
		if len(chunk) == 0 {
			continue
		}
		if ok, err := o.write(chunk); !ok || !o.flush() {
			return err
		}
	}
	o.start()
	o.settle()
	return nil
}

// failed returns the error of a callback as one for the client. After the first
// byte it only cuts the connection.
func (o *output) failed(err error) error {
	if _, ok := errors.AsType[*endpoint.Error](err); ok || o.started || errors.Is(err, context.Canceled) {
		return err
	}
	return endpoint.Errorf(http.StatusInternalServerError, "Failed to parse response body").Wrap(err)
}
