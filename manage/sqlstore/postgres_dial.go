package sqlstore

import (
	"context"
	"net"
	"time"
)

// farewell is how long a connection that is given up may take to end. pgx
// allows 15 seconds, for which the place in the pool would be lost after the
// network swallowed some packets.
const farewell = 500 * time.Millisecond

// dial connects as pgx does, and notices within half a minute if an idle
// connection has no other end any more. pgx also dials to cancel a statement;
// that is part of the farewell, and known by its longer deadline.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) > 2*patience {
		return dialCancel(ctx, network, address)
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return hasty{conn}, nil
}

func dialCancel(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: farewell}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(farewell))
}

// A hasty connection has no deadline that is further away than farewell. pgx
// sets one only to give a connection up.
type hasty struct{ net.Conn }

func (c hasty) SetDeadline(t time.Time) error {
	if latest := time.Now().Add(farewell); t.After(latest) {
		t = latest
	}
	return c.Conn.SetDeadline(t)
}
