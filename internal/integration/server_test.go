package integration

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what should take a moment.
const patience = 30 * time.Second

// get asks a handler in memory.
func get(t *testing.T, h http.Handler, target string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", target, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// A buffer can be read while a process writes to it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var listening = regexp.MustCompile(`Listening on (http://\S+),`)

// quickstart builds and starts the quickstart on a free port, and returns its
// URL. It ends with the test.
func quickstart(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart")
	build := exec.Command("go", "build", "-o", program, "./examples/quickstart")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(program, "-addr", "127.0.0.1:0")
	said := new(buffer)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the quickstart ended with %v:\n%s", err, said)
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if found := listening.FindStringSubmatch(said.String()); found != nil {
			return found[1]
		}
	}
	t.Fatalf("the quickstart does not say where it listens:\n%s", said)
	return ""
}

// npm prepares the packages of the directory typescript in a copy of it, and
// returns the copy. Without Node.js and npm the test is skipped, but not in CI.
func npm(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is missing; run .ci/install.sh", name)
			}
			t.Skipf("%s is missing; install Node.js with npm to run this test", name)
		}
	}
	packages.once.Do(func() { packages.dir, packages.err = install() })
	if packages.err != nil {
		t.Fatal(packages.err)
	}
	return packages.dir
}

// packages are installed once for all tests.
var packages struct {
	once sync.Once
	dir  string
	err  error
}

// TestMain removes what npm installed.
func TestMain(m *testing.M) {
	code := m.Run()
	if packages.dir != "" {
		_ = os.RemoveAll(packages.dir)
	}
	os.Exit(code)
}

func install() (string, error) {
	dir, err := os.MkdirTemp("", "typescript")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS("typescript")); err != nil {
		return dir, err
	}
	_, err = run(dir, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	return dir, err
}

// run runs a command in a directory. The error has what it said.
func run(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_UPDATE_NOTIFIER=1")
	cmd.WaitDelay = time.Second
	timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), &commandError{name, args, string(out), err}
	}
	return string(out), nil
}

// A commandError is that of a command that failed.
type commandError struct {
	name string
	args []string
	out  string
	err  error
}

func (e *commandError) Error() string {
	return e.name + " " + e.args[0] + ": " + e.err.Error() + "\n" + e.out
}
