package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A ledger is what a client knows of one endpoint: what was acknowledged last,
// and what it asked for after that without an answer.
type ledger struct {
	id       string
	present  bool
	path     string
	asked    bool // an answer is missing
	unlikely func(present bool, path string) bool
}

// TestKill kills the server while clients change endpoints. What was
// acknowledged is there after the restart; what was not is there as a whole or
// not at all.
func TestKill(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data)
	token := d.token()
	ledgers := make([]*ledger, 4)
	for i := range ledgers {
		ledgers[i] = &ledger{id: fmt.Sprintf("client%d", i)}
	}
	var acknowledged int
	var longest time.Duration
	n := rounds(8, 200)
	for round := range n {
		var wg sync.WaitGroup
		counts := make([]int, len(ledgers))
		for i, l := range ledgers {
			wg.Go(func() { counts[i] = l.change(d, token, round) })
		}
		time.Sleep(time.Duration(20+round%7*15) * time.Millisecond) // any instant will do
		d.kill()
		wg.Wait()
		for _, c := range counts {
			acknowledged += c
		}
		begun := time.Now()
		d = start(t, "-data", data)
		longest = max(longest, time.Since(begun))
		for _, l := range ledgers {
			l.check(t, d, token, round)
		}
	}
	if acknowledged < n {
		t.Errorf("only %d changes were acknowledged in %d rounds", acknowledged, n)
	}
	t.Logf("%d rounds, %d changes acknowledged, restart at most %v", n, acknowledged, longest)
}

// change makes changes until the server is gone, and returns how many it
// acknowledged.
func (l *ledger) change(d *daemon, token string, round int) (acknowledged int) {
	for i := 0; ; i++ {
		path := fmt.Sprintf("%s-%d-%d", l.id, round, i)
		method, body, present := "PUT", define(path, "/admin/hello.star"), true
		switch {
		case l.present && i%5 == 4:
			method, body, present, path = "DELETE", "", false, ""
		case l.present:
			method, body = "PATCH", fmt.Sprintf(`{"path":%q}`, path)
		}
		wasPresent, wasPath := l.present, l.path
		l.asked = true
		l.unlikely = func(p bool, q string) bool {
			return (p != wasPresent || q != wasPath) && (p != present || q != path)
		}
		a, err := d.ask(token, method, l.id, body)
		if err != nil {
			return acknowledged // the server is gone; nobody knows
		}
		if a.status >= 300 {
			d.t.Errorf("%s %s %s: %d %s", method, l.id, body, a.status, a.body)
			return acknowledged
		}
		l.present, l.path, l.asked = present, path, false
		acknowledged++
	}
}

// check compares the server with the ledger, which then follows the server.
func (l *ledger) check(t *testing.T, d *daemon, token string, round int) {
	t.Helper()
	a, err := d.ask(token, "GET", l.id, "")
	if err != nil {
		t.Fatal(err)
	}
	present, path := a.status == 200, ""
	if present {
		path, _ = a.member(t, "path").(string)
	}
	switch {
	case l.asked && l.unlikely(present, path):
		t.Errorf("round %d: %s is %t %q, which was neither there nor asked for", round, l.id, present, path)
	case !l.asked && (present != l.present || path != l.path):
		t.Errorf("round %d: %s is %t %q, but %t %q was acknowledged", round, l.id, present, path, l.present, l.path)
	}
	if present {
		if a, err := d.ask(token, "GET", "u/"+path, ""); err != nil || a.status != 200 || !strings.HasPrefix(a.body, "Hello") {
			t.Errorf("round %d: trigger of %s: %d %q %v", round, l.id, a.status, a.body, err)
		}
	}
	l.present, l.path, l.asked = present, path, false
}

// TestStop stops the server while calls run: each that was begun is answered.
func TestStop(t *testing.T) {
	scripts := t.TempDir()
	writeScript(t, scripts, "admin/slow.star", "def handler(request):\n    n = 0\n    for i in range(300000):\n        n += i\n    return str(n)\n")
	d := start(t, "-scripts", scripts, "-script-time", "20s") // so that calls may wait for workers
	token := d.token()
	d.want(201, token, "PUT", "slow", define("slow", "/admin/slow.star"))
	d.want(200, token, "GET", "u/slow", "")
	const calls = 4
	answers := make([]answer, calls)
	errs := make([]error, calls)
	var begun, wg sync.WaitGroup
	for i := range calls {
		begun.Add(1)
		wg.Go(func() {
			begun.Done()
			answers[i], errs[i] = d.ask(token, "GET", "u/slow", "")
		})
	}
	begun.Wait()
	time.Sleep(20 * time.Millisecond) // so that they are under way, as a rule
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	for i, a := range answers {
		if errs[i] == nil && a.status != 200 {
			t.Errorf("a call was answered %d %s", a.status, a.body)
		}
		if errs[i] != nil && !strings.Contains(errs[i].Error(), "refused") && !strings.Contains(errs[i].Error(), "reset") {
			t.Errorf("a call was cut: %v", errs[i])
		}
	}
}

// TestSecondSignal stops the server while a call holds it up: a second signal
// ends it at once.
func TestSecondSignal(t *testing.T) {
	p := newPlace(t, true)
	d, token := p.visitors()
	cut := make(chan error, 1)
	go func() {
		_, err := d.ask(token, "GET", "u/visit", "")
		cut <- err
	}()
	p.await("the call", p.came)
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	poll(t, "the end of listening", func() string {
		c, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			return "there"
		}
		_ = c.Close() // the server closes it, too
		return ""
	})
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("it did not wait for the call: %v", err)
	}
	select {
	case <-d.done:
		if code := d.cmd.ProcessState.ExitCode(); code != exitFailed {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(5 * time.Second):
		t.Error("the second signal does not end it")
	}
	if err := <-cut; err == nil {
		t.Error("the call was answered")
	}
}
