//go:build unix

package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
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
	programs := postgresPrograms()
	if programs == "" {
		dsn := newSchema(t)
		t.Log("no initdb and pg_ctl in PATH or by pg_config, so a proxy plays the restart")
		p, through := startProxy(t, dsn)
		return through, func() { p.set(true, false); p.cut() }, func() { p.set(false, false) }
	}
	dir, err := os.MkdirTemp("", "endpoint-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	owner := unprivileged(t, dir)
	_, port, _ := net.SplitHostPort(freeAddress(t))
	data := filepath.Join(dir, "data")
	run := func(program string, args ...string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(programs, program), args...)
		cmd.Dir, cmd.SysProcAttr = dir, owner
		var out bytes.Buffer
		// A file, because the server keeps it open after pg_ctl has ended.
		log, err := os.CreateTemp(dir, "out-*")
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			text, _ := os.ReadFile(log.Name())
			out.Write(text)
			t.Fatalf("%s: %v\n%s", program, err, out.String())
		}
	}
	run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
	options := fmt.Sprintf("-p %s -k '%s' -c listen_addresses=127.0.0.1 -c shared_buffers=16MB", port, dir)
	start = func() {
		t.Helper()
		run("pg_ctl", "-D", data, "-w", "-o", options, "-l", filepath.Join(dir, "log"), "start")
	}
	stop = func() { t.Helper(); run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop") }
	start()
	t.Cleanup(stop)
	return "postgres://postgres@127.0.0.1:" + port + "/postgres", stop, start
}

// postgresPrograms returns the directory of initdb and pg_ctl, "" if they are
// missing.
func postgresPrograms() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	out, err := exec.Command("pg_config", "--bindir").Output()
	if err != nil {
		return ""
	}
	dir := strings.TrimSpace(string(out))
	for _, program := range []string{"initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return ""
		}
	}
	return dir
}

// unprivileged gives a directory to the user under which the server runs, as it
// refuses to run as root.
func unprivileged(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("root cannot run PostgreSQL; run the tests as another user, or add a user postgres: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}
