package endpoint

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Limits of the server that Serve runs.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	drainTimeout      = 10 * time.Second
	cancelTimeout     = 2 * time.Second // for handlers to notice that they were cancelled
)

// Serve listens on addr and serves h until ctx ends. It sets what net/http
// leaves open: 10 s for the header of a request, 64 KiB of header, 2 minutes
// of idling. An [API] bounds bodies and answers itself.
//
// When ctx ends, no new connections are taken and requests that have begun are
// given 10 s; then their contexts are cancelled and, 2 s later, their
// connections closed. It returns nil after a shutdown, whatever had to be cut,
// and otherwise why it could not serve.
func Serve(ctx context.Context, addr string, h http.Handler) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return ServeListener(ctx, l, h)
}

// ServeListener is [Serve] on a listener, which it closes.
func ServeListener(ctx context.Context, l net.Listener, h http.Handler) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(patientListener{l}) }()
	select {
	case err := <-failed:
		_ = server.Close() // nothing more can be served
		return err
	case <-ctx.Done():
	}
	err := drain(server, cancel)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		return served
	}
	return err
}

// A patientListener gives connections a limit for each write, so that a client
// that sends requests and never reads is let go.
type patientListener struct{ net.Listener }

// Accept returns the next connection. One that is not plain TCP is left as it
// is: the server has to know a TLS connection by its type.
func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &patientConn{TCPConn: tcp}, err
	}
	return c, err
}

// A patientConn limits each write to writeTimeout, unless a deadline was set.
type patientConn struct {
	*net.TCPConn

	set atomic.Bool // somebody set a deadline
}

// SetWriteDeadline sets a deadline that holds instead of the limit; the zero
// time takes it back.
func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.set.Store(!t.IsZero())
	return c.TCPConn.SetWriteDeadline(t)
}

// SetDeadline is SetWriteDeadline for both directions.
func (c *patientConn) SetDeadline(t time.Time) error {
	c.set.Store(!t.IsZero())
	return c.TCPConn.SetDeadline(t)
}

// Write writes under the limit.
func (c *patientConn) Write(p []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	return c.TCPConn.Write(p)
}

// ReadFrom copies in chunks, each under the limit, and lets the system send
// files.
func (c *patientConn) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for {
		if err := c.extend(); err != nil {
			return total, err
		}
		n, err := c.TCPConn.ReadFrom(io.LimitReader(r, chunkSize))
		total += n
		if err != nil || n < chunkSize {
			return total, err
		}
	}
}

// extend moves the limit before a write.
func (c *patientConn) extend() error {
	if c.set.Load() {
		return nil
	}
	return c.TCPConn.SetWriteDeadline(time.Now().Add(writeTimeout))
}

// drain waits for the requests that have begun, cancels those that take too
// long, and closes what is left.
func drain(server *http.Server, cancel context.CancelFunc) error {
	err := shutdown(server, drainTimeout)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	cancel()
	if err = shutdown(server, cancelTimeout); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

func shutdown(server *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return server.Shutdown(ctx)
}
