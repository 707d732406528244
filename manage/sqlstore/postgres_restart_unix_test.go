//go:build unix

package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/internal/ownpostgres"
)

// A server is restarted while one store writes and another follows: what was
// acknowledged is kept, and the follower misses nothing.
func TestPostgresRestart(t *testing.T) {
	leak.Check(t)
	dsn, stop, start := ownServer(t)
	writer, follower := openPostgres(t, dsn), openPostgres(t, dsn)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := make(chan []int64)
	go func() { written <- writeOn(ctx, writer) }()
	followed := make(chan []manage.Change)
	followCtx, stopFollowing := context.WithCancel(t.Context())
	defer stopFollowing()
	go func() { followed <- followOn(followCtx, follower) }()

	time.Sleep(200 * time.Millisecond) // some changes before, between and after
	for i := range 2 {
		stop()
		allFail(t, follower, tooLong)
		start()
		recovers(t, follower, 1_000_000+i)
		time.Sleep(200 * time.Millisecond)
	}
	cancel()
	acknowledged := <-written
	time.Sleep(time.Second) // within which the follower must see the last, and unknown commits end
	all, err := writer.Changes(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	stopFollowing()
	if diff := cmp.Diff(all, <-followed); diff != "" {
		t.Errorf("the follower (-trail +seen):\n%s", diff)
	}
	made := map[int64]bool{}
	for _, c := range all {
		made[c.Sequence] = true
	}
	for _, sequence := range acknowledged {
		if !made[sequence] {
			t.Errorf("change %d was acknowledged, and is lost", sequence)
		}
	}
	t.Logf("%d changes acknowledged, %d made", len(acknowledged), len(all))
	if len(acknowledged) < 30 {
		t.Errorf("only %d changes were acknowledged", len(acknowledged))
	}
}

// writeOn makes changes, whether they succeed or not, and returns those that
// were acknowledged.
func writeOn(ctx context.Context, s manage.Store) []int64 {
	var acknowledged []int64
	for i := 0; ctx.Err() == nil; i++ {
		if kept, err := s.Create(ctx, "u", newRecord(i)); err == nil {
			acknowledged = append(acknowledged, kept.Revision)
		}
	}
	return acknowledged
}

// followOn follows the trail, whatever fails.
func followOn(ctx context.Context, s manage.Store) []manage.Change {
	var seen []manage.Change
	var after int64
	for ctx.Err() == nil {
		if s.Wait(ctx, after) != nil {
			continue
		}
		changes, err := s.Changes(ctx, after, 10)
		if err != nil || len(changes) == 0 {
			continue
		}
		seen = append(seen, changes...)
		after = changes[len(changes)-1].Sequence
	}
	return seen
}

// ownServer starts a server for the test alone, which can be stopped at once
// and started again. Where its programs are missing, a proxy that cuts all
// connections takes the part of the server that is stopped.
func ownServer(t *testing.T) (dsn string, stop, start func()) {
	t.Helper()
	if s := ownpostgres.Start(t); s != nil {
		return s.DSN, s.Stop, s.Start
	}
	dsn = newSchema(t)
	t.Log("no PostgreSQL can be started here, so a proxy plays the restart")
	p, through := startProxy(t, dsn)
	return through, func() { p.set(true, false); p.cut() }, func() { p.set(false, false) }
}
