package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// asProgram makes the test binary the program itself.
const asProgram = "LOGIN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A program is the real one, in a process of its own.
type program struct {
	cmd     *exec.Cmd
	base    string // http://127.0.0.1:port
	logins  []Login
	session *http.Cookie
}

// login is a line that names an account.
var login = regexp.MustCompile(`^account (\w+), password (\w+)$`)

// startProgram starts the program with these arguments, and reads what it
// prints up to the line that begins with last.
func startProgram(t *testing.T, last string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	p := &program{cmd: exec.CommandContext(ctx, os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			t.Fatalf("the program ended: %v, %v", lines.Err(), p.cmd.Wait())
		}
		if base, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			p.base = base
		}
		if m := login.FindStringSubmatch(lines.Text()); m != nil {
			p.logins = append(p.logins, Login{m[1], m[2]})
		}
		if strings.HasPrefix(lines.Text(), last) {
			return p
		}
	}
}

// stop interrupts the program, which has to end by itself.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
}

// ask sends a request with the session, as an account if that has a name.
func (p *program) ask(t *testing.T, method, path string, as Login) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if as.Name != "" {
		r.SetBasicAuth(as.Name, as.Password)
	}
	if p.session != nil {
		r.AddCookie(p.session)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		p.session = c
	}
	return answer.StatusCode, string(text)
}

// TestProgram runs the program as a person does: it logs in with a printed
// account, and is still logged in after a restart on the same file.
func TestProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file.db")
	p := startProgram(t, "curl ", "-db", file)
	if len(p.logins) != 2 {
		t.Fatalf("accounts: %v", p.logins)
	}
	for _, test := range []struct {
		method, path string
		as           Login
		status       int
		body         string
		reason       string
	}{
		{"GET", "/healthz", Login{}, 200, "ok", "what was there before the API"},
		{"GET", "/", Login{}, 200, "<title>Notes</title>", "the page"},
		{"GET", "/api/statistics", Login{}, 200, `"notes":3`, "open to all"},
		{"GET", "/api/notes", Login{}, 401, "", "nobody is logged in"},
		{"GET", "/api/notes", Login{p.logins[0].Name, "wrong"}, 401, "", "a wrong password"},
		{"GET", "/api/notes", p.logins[0], 200, "engine", "a script needs no session"},
		{"GET", "/api/notes", p.logins[1], 200, "moth", "each sees their own"},
	} {
		status, body := p.ask(t, test.method, test.path, test.as)
		if status != test.status || !strings.Contains(body, test.body) {
			t.Errorf("%s %s as %q: %d %s; want %d, %q: %s",
				test.method, test.path, test.as.Name, status, body, test.status, test.body, test.reason)
		}
		if p.session != nil {
			t.Errorf("%s %s sets a cookie: %s", test.method, test.path, test.reason)
		}
	}
	if status, body := p.ask(t, "POST", "/api/session", p.logins[0]); status != 200 || p.session == nil {
		t.Fatalf("login: %d %s", status, body)
	}
	p.stop(t)

	again := startProgram(t, "accounts are those", "-db", file)
	again.session = p.session
	if status, body := again.ask(t, "GET", "/api/whoami", Login{}); status != 200 || !strings.Contains(body, p.logins[0].Name) {
		t.Errorf("after a restart the session is answered with %d %s", status, body)
	}
	again.stop(t)
}

// TestFaults runs the program with what cannot work.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name string
		s    settings
		want string
	}{
		{"address", settings{addr: "127.0.0.1:99999"}, "choose another address"},
		{"database", settings{database: filepath.Join(t.TempDir(), "none", "x.db")}, "open database"},
		{"partner", settings{partners: []string{"partner.example"}}, "partner.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := run(t.Context(), test.s, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run: %v, want %q", err, test.want)
			}
		})
	}
}

// TestRoutes checks that what is enforced is printed.
func TestRoutes(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), settings{routes: true, partners: []string{"https://partner.example"}}, &out); err != nil {
		t.Fatal(err)
	}
	// Each endpoint begins a line, what is known of it is indented.
	for _, test := range []struct{ route, want, reason string }{
		{"GET /api/whoami", "requires user", "required by the API"},
		{"POST /api/session", "requires user", "a right password is what logs in"},
		{"DELETE /api/session", "public", "anyone may log out"},
		{"GET /api/statistics", "public", "open to all"},
		{"POST /api/partner/notes", "https://partner.example", "whose pages may act for the user"},
	} {
		_, rest, found := strings.Cut("\n"+out.String(), "\n"+test.route+"\n")
		about := ""
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "\t") {
				break
			}
			about += line
		}
		if !found || !strings.Contains(about, test.want) {
			t.Errorf("%s has no %q (%s):\n%s", test.route, test.want, test.reason, about)
		}
	}
}
