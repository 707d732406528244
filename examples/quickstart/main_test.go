package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/internal/readme"
)

var update = flag.Bool("update", false, "rewrite the blocks of the README")

const (
	readmeFile = "../../README.md"
	shown      = "127.0.0.1:8080" // the default, and the address in the README
)

// start runs the service on a free port until the test ends. It returns the
// address and what was printed.
func start(t *testing.T) (address, help string) {
	t.Helper()
	t.Setenv("WEBHOOK_SECRET", "")
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, settings{addr: "127.0.0.1:0", greeting: "Hello"}, out)
		out.CloseWithError(io.ErrUnexpectedEOF) // if help was never printed
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	address, help, err := readHelp(in)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, in) // ends with run
	return address, help
}

// readHelp reads what the program prints when it starts, up to its empty last line.
func readHelp(r io.Reader) (address, help string, err error) {
	var b strings.Builder
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		if line == "\n" && strings.Contains(b.String(), "curl") {
			break
		}
		b.WriteString(line)
	}
	_, rest, _ := strings.Cut(b.String(), "http://")
	address, _, _ = strings.Cut(rest, ",")
	return address, b.String(), nil
}

// TestReadme runs the requests that the program prints, and compares all that
// the README shows of it.
func TestReadme(t *testing.T) {
	leak.Check(t)
	for _, file := range []string{"api.go", "users.go", "webhook.go", "document.go"} {
		readme.CheckFile(t, readmeFile, "examples/quickstart/"+file, *update)
	}
	address, help := start(t)
	help = strings.ReplaceAll(help, address, shown)
	lines := readme.Lines(help)
	if len(lines) < 10 {
		t.Fatalf("the program prints %d requests to try:\n%s", len(lines), help)
	}
	got := readme.Session(t, lines, address, shown, readme.Curl)
	readme.Check(t, readmeFile, "examples/quickstart answers", got, *update)
	readme.Check(t, readmeFile, "a problem document", problem(t, got), *update)
}

// problem returns the first problem document of a session, indented.
func problem(t *testing.T, session string) string {
	t.Helper()
	_, rest, _ := strings.Cut(session, "application/problem+json")
	_, rest, _ = strings.Cut(rest, "\n\n")
	document, _, _ := strings.Cut(rest, "\n")
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(document), "", "  "); err != nil {
		t.Fatalf("%q: %v", document, err)
	}
	return b.String()
}

// TestCurl pastes the lines into a shell, where there is one with curl.
func TestCurl(t *testing.T) {
	for _, name := range []string{"curl", "sh"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("there is no %s here; TestReadme has sent the same requests", name)
			return
		}
	}
	leak.Check(t)
	address, help := start(t)
	lines := readme.Lines(strings.ReplaceAll(help, address, shown))
	got := readme.Session(t, lines, address, shown, func(line string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
		out, err := cmd.Output()
		return string(out), err
	})
	readme.Check(t, readmeFile, "examples/quickstart answers", got, false)
}

// build makes the program as go run does, so that names and places are those
// that a user sees.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// TestProgram runs the real program: its route table, an open feed when it is
// interrupted, and a port that is taken.
func TestProgram(t *testing.T) {
	program := build(t)
	routes, err := exec.CommandContext(t.Context(), program, "-routes").Output()
	if err != nil {
		t.Fatal(err)
	}
	readme.Check(t, readmeFile, "examples/quickstart -routes", string(routes), *update)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, _, err := readHelp(stdout)
	if err != nil {
		t.Fatal(err)
	}

	out, err := exec.CommandContext(t.Context(), program, "-addr", address).CombinedOutput()
	if err == nil || !strings.Contains(string(out), address) || !strings.Contains(string(out), "choose another address") {
		t.Errorf("a second program on %s: %v, %s", address, err, out)
	}

	feed, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	answer := bufio.NewReader(feed)
	if _, err := io.WriteString(feed, "GET /api/events HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := answer.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 200") {
		t.Fatalf("the feed answers %q, %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(answer)
	if err != nil || !bytes.HasSuffix(rest, []byte("\r\n0\r\n\r\n")) {
		t.Errorf("the feed was cut instead of ended: %v\n%s", err, rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}
