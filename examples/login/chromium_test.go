package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browserNames are the programs that are looked for.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome"}

// browserTime is how long a step of a browser may take.
const browserTime = 20 * time.Second

// A browser is a headless Chromium, spoken to in the DevTools protocol over a
// pair of pipes, so that it listens on no port.
type browser struct {
	ctx  context.Context
	to   io.WriteCloser
	gone chan struct{} // closed when the browser says no more

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	watch   map[string]func(message) // by session
}

// A message is a command's answer, or an event.
type message struct {
	ID        int             `json:"id"`
	Session   string          `json:"sessionId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Complaint *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser starts a Chromium with an empty profile, which ends with the
// test. Without one on the machine the test is skipped, but not in CI.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := findBrowser(t)
	profile := filepath.Join(t.TempDir(), "profile")
	allowCookies(t, profile)
	cmd := exec.Command(program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--no-proxy-server", "--log-level=3", "--remote-debugging-pipe",
		"--user-data-dir="+profile, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second // processes of its own may still hold what it writes to

	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{in, out} // its files 3 and 4
	err = cmd.Start()
	_, _ = in.Close(), out.Close()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{
		ctx: t.Context(), to: to, gone: make(chan struct{}),
		waiting: map[int]chan message{}, watch: map[string]func(message){},
	}
	go b.read(from)
	t.Cleanup(func() {
		stopBrowser(t, b, cmd)
		removeProfile(t, profile)
		if t.Failed() {
			t.Logf("the browser said:\n%s", &said)
		}
	})
	return b
}

// allowCookies turns off what some browsers are delivered with: a block of the
// cookies that a page would send to another site. Others send them, and what
// the endpoints do is to be seen.
func allowCookies(t *testing.T, profile string) {
	t.Helper()
	preferences := filepath.Join(profile, "Default", "Preferences")
	if err := os.MkdirAll(filepath.Dir(preferences), 0o700); err != nil {
		t.Fatal(err)
	}
	const off = `{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`
	if err := os.WriteFile(preferences, []byte(off), 0o600); err != nil {
		t.Fatal(err)
	}
}

// findBrowser returns the path of a Chromium.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range browserNames {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("none of %q is installed; run .ci/install.sh", browserNames)
	}
	t.Skipf("none of %q is installed, so nothing is measured; install one, or run .ci/install.sh", browserNames)
	return ""
}

// stopBrowser asks the browser to end, and ends its process if it does not.
func stopBrowser(t *testing.T, b *browser, cmd *exec.Cmd) {
	t.Helper()
	b.ctx = context.Background() // that of the test is over
	_ = b.do("", "Browser.close", nil, nil)
	_ = b.to.Close()
	kill := time.AfterFunc(browserTime, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("the browser ended with %v", err)
	}
}

// removeProfile removes what the browser kept. Its last processes may be
// writing still, so it tries until it can.
func removeProfile(t *testing.T, profile string) {
	t.Helper()
	for deadline := time.Now().Add(browserTime); ; time.Sleep(20 * time.Millisecond) {
		err := os.RemoveAll(profile)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("remove the profile: %v", err)
			return
		}
	}
}

// read hands out what the browser says: messages, each ended by a NUL.
func (b *browser) read(from io.ReadCloser) {
	defer from.Close()
	defer close(b.gone)
	for r := bufio.NewReader(from); ; {
		line, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line[:len(line)-1], &m) != nil {
			continue // not for us
		}
		b.mu.Lock()
		answer, watch := b.waiting[m.ID], b.watch[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		switch {
		case answer != nil:
			answer <- m
		case watch != nil:
			watch(m)
		}
	}
}

// do sends a command and decodes its answer into result, unless that is nil.
func (b *browser) do(session, method string, params, result any) error {
	answer := make(chan message, 1)
	if err := b.send(session, method, params, answer); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, browserTime)
	defer cancel()
	select {
	case m := <-answer:
		if m.Complaint != nil {
			return fmt.Errorf("%s: %s", method, m.Complaint.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-b.gone:
		return fmt.Errorf("%s: the browser is gone", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// send sends a command; answer may be nil, for one who does not wait.
func (b *browser) send(session, method string, params any, answer chan message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	line, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Session string `json:"sessionId,omitempty"`
		Method  string `json:"method"`
		Params  any    `json:"params,omitempty"`
	}{b.last, session, method, params})
	if err != nil {
		return err
	}
	if answer != nil {
		b.waiting[b.last] = answer
	}
	_, err = b.to.Write(append(line, 0))
	return err
}
