package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what every change notifies, whatever the schema: to be woken for
// nothing costs a look.
const channel = "endpoint_changes"

const (
	// listenCheck is how often a silent connection is asked whether it lives.
	listenCheck = 5 * time.Second
	// A connection that broke is made anew after relistenMin, or later if that
	// fails again, but not later than relistenMax.
	relistenMin = 50 * time.Millisecond
	relistenMax = time.Second
)

// listen wakes for each notification until ctx ends, and after each connection
// that it makes, because something may have been missed before.
func listen(ctx context.Context, config *pgx.ConnConfig, wake func()) {
	pause := relistenMin
	for ctx.Err() == nil {
		if listenOnce(ctx, config, wake) {
			pause = relistenMin
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, relistenMax)
	}
}

// listenOnce listens until the connection breaks, and reports whether there was
// one.
func listenOnce(ctx context.Context, config *pgx.ConnConfig, wake func()) (connected bool) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false
	}
	defer closeConn(conn)
	if within(ctx, func(ctx context.Context) error { _, err := conn.Exec(ctx, "LISTEN "+channel); return err }) != nil {
		return false
	}
	for {
		wake()
		if !notified(ctx, conn) {
			return true
		}
	}
}

// notified waits for a notification, and returns false if the connection broke
// or ctx ended.
func notified(ctx context.Context, conn *pgx.Conn) bool {
	for {
		wait, cancel := context.WithTimeout(ctx, listenCheck)
		_, err := conn.WaitForNotification(wait)
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || within(ctx, conn.Ping) != nil {
			return false
		}
	}
}

// within calls do, which gets as long as a server may take to answer.
func within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return do(ctx)
}

// closeConn says farewell to a server that may no longer be there.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), relistenMax)
	defer cancel()
	_ = conn.Close(ctx)
}
