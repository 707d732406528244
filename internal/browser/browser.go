// Package browser drives a headless Chromium in tests: it opens pages, uses
// them as a person does, and tells what they complained of and asked for.
//
// The Chromium reaches loopback alone, keeps nothing after the test, and is
// spoken to in the DevTools protocol over a pair of pipes, so that it listens
// on no port. Whatever fails in the browser ends the test: methods return what
// was asked for and no errors, unless they say so.
package browser

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// patience is how long a step may take.
const patience = 30 * time.Second

// A Browser is a running Chromium. Its methods may be called concurrently.
type Browser struct {
	ctx  context.Context
	to   io.WriteCloser
	gone chan struct{} // closed when the browser says no more

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	watch   map[string][]func(message) // by session
}

// Start starts a Chromium with an empty profile, which ends with the test.
// Without one on the machine the test is skipped, but fails in CI.
func Start(t testing.TB) *Browser {
	t.Helper()
	program := find(t)
	profile := filepath.Join(t.TempDir(), "profile")
	allowCookies(t, profile)
	cmd := exec.Command(program,
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--no-proxy-server", "--log-level=3", "--remote-debugging-pipe",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE [::1], EXCLUDE localhost",
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
	b := &Browser{
		ctx: t.Context(), to: to, gone: make(chan struct{}),
		waiting: map[int]chan message{}, watch: map[string][]func(message){},
	}
	go b.read(from)
	t.Cleanup(func() {
		b.stop(t, cmd)
		removeProfile(t, profile)
		if t.Failed() {
			t.Logf("the browser said:\n%s", &said)
		}
	})
	return b
}

// allowCookies turns off what some browsers are delivered with: a block of the
// cookies that a page would send to another site. Others send them, and what a
// service does with them is to be seen.
func allowCookies(t testing.TB, profile string) {
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

// find returns the path of a Chromium.
func find(t testing.TB) string {
	t.Helper()
	programs := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("none of %q is installed; run .ci/install.sh", programs)
	}
	t.Skipf("none of %q is installed, so nothing is measured; install one, or run .ci/install.sh", programs)
	return ""
}

// stop asks the browser to end, and ends its process if it does not.
func (b *Browser) stop(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	b.ctx = context.Background() // that of the test is over
	_ = b.do("", "Browser.close", nil, nil)
	_ = b.to.Close()
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("the browser ended with %v", err)
	}
	<-b.gone
}

// removeProfile removes what the browser kept. Its last processes may be
// writing still, so it tries until it can.
func removeProfile(t testing.TB, profile string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
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
