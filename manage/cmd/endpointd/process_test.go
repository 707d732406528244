package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage/script"
)

// patience is how long a test waits for what should take a moment.
const patience = 20 * time.Second

// asProgram makes the test binary the program itself, so that every test runs
// the very code that it was compiled with, race detector included.
const asProgram = "ENDPOINTD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	script.Worker()
	if os.Getenv(asProgram) != "" {
		main() // does not return
	}
	os.Exit(m.Run())
}

// A daemon is a running endpointd.
type daemon struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string // of the service
	said *buffer
	log  *buffer
	done chan struct{} // closed when the process is gone
	err  error         // of the process, once done is closed
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

// program returns a command that runs endpointd with arguments.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = t.TempDir() // nothing must land in the directory of the test
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// start starts endpointd on a free port and waits until it serves.
func start(t *testing.T, args ...string) *daemon {
	t.Helper()
	return launch(t, program(t, append([]string{"-addr", "127.0.0.1:0"}, args...)...))
}

// launch starts a command that becomes endpointd. The process ends with the
// test, if not before.
func launch(t *testing.T, cmd *exec.Cmd) *daemon {
	t.Helper()
	d := &daemon{t: t, cmd: cmd, said: new(buffer), log: new(buffer), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = d.said, d.log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		d.err = cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		<-d.done
		if t.Failed() {
			t.Logf("endpointd said:\n%s\nand logged:\n%s", d.said, tail(d.log.String(), 8<<10))
		}
	})
	found := poll(t, "the address", func() string {
		select {
		case <-d.done:
			t.Fatalf("endpointd ended with %v:\n%s%s", d.err, d.said, d.log)
		default:
		}
		return submatch(`(?m)^API: +(http://\S+)/api/v1/http-endpoint$`, d.said.String())
	})
	d.url = found
	return d
}

// token waits for the token that the first start prints.
func (d *daemon) token() string {
	d.t.Helper()
	return poll(d.t, "the token", func() string {
		return submatch(`(?m)^token of account admin, shown this once: (\S+)$`, d.said.String())
	})
}

// account makes a token of an account of the database in a directory, and waits
// until it is good.
func (d *daemon) account(data, name string) (token string) {
	d.t.Helper()
	out, log, code := output(d.t, "-data", data, "token", name)
	token = strings.TrimSpace(out)
	if code != 0 || token == "" || log != "" {
		d.t.Fatalf("token: %d %q %q", code, out, log)
	}
	d.answers(token, "list", 200) // within a second
	return token
}

// answers waits until a GET is answered with a status.
func (d *daemon) answers(token, target string, status int) {
	d.t.Helper()
	poll(d.t, fmt.Sprintf("%d of %s", status, target), func() string {
		a, err := d.ask(token, "GET", target, "")
		if err != nil {
			d.t.Fatal(err)
		}
		if a.status == status {
			return "there"
		}
		return ""
	})
}

// kill ends the process as kill -9 does.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}

// stop ends the process as an operator does, and returns its error.
func (d *daemon) stop() error {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.done:
		return d.err
	case <-time.After(patience):
		d.t.Fatal("endpointd does not stop")
		return nil
	}
}

// output runs endpointd to its end, and returns its output and exit code.
func output(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := program(t, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Start()
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	if !timer.Stop() {
		t.Fatalf("endpointd %q does not end:\n%s%s", args, &out, &log)
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), log.String(), cmd.ProcessState.ExitCode()
}

// poll waits until f returns something.
func poll(t *testing.T, what string, f func() string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if found := f(); found != "" {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

func submatch(pattern, text string) string {
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[1]
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "... " + s[len(s)-n:]
}

// root is where the API lives.
const root = "/api/v1/http-endpoint/"

// An answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
}

// clients never wait forever.
var client = &http.Client{Timeout: patience}

// ask makes a request below the API's root.
func (d *daemon) ask(token, method, target, body string) (answer, error) {
	r, err := http.NewRequest(method, d.url+root+target, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return send(r)
}

func send(r *http.Request) (answer, error) {
	resp, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// want makes a request that must be answered with a status.
func (d *daemon) want(status int, token, method, target, body string) answer {
	d.t.Helper()
	a, err := d.ask(token, method, target, body)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, target, err)
	}
	if a.status != status {
		d.t.Fatalf("%s %s %s: %d %s, want %d", method, target, body, a.status, a.body, status)
	}
	return a
}

// member returns a member of a JSON object.
func (a answer) member(t *testing.T, name string) any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return object[name]
}

// define is the body that makes an endpoint.
func define(path, handler string) string {
	return fmt.Sprintf(`{"path":%q,"handler_script_path":%q}`, path, handler)
}

// writeScript puts a script into a directory of scripts.
func writeScript(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// resident is the memory of a process that is in use, in bytes, or 0 where that
// cannot be read.
func resident(pid int) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(s.Text(), "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// soak reports whether the long variants run.
func soak() bool { return os.Getenv("ENDPOINT_SOAK") != "" }

// rounds is how often something is repeated: few times, or many on request.
func rounds(few, many int) int {
	if soak() {
		return many
	}
	return few
}
