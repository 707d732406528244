package endpoint

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
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
	go func() { failed <- server.Serve(l) }()
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
