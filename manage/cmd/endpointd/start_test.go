package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// TestTokenOnce checks that a token is printed by the first start alone, and
// that nothing keeps it.
func TestTokenOnce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := start(t, "-data", data)
	token := first.token()
	first.want(200, token, "GET", "list", "")
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, "-data", data)
	poll(t, "the word about tokens", func() string { return submatch(`(?m)^(tokens: .*)$`, second.said.String()) })
	if strings.Contains(second.said.String(), "shown this once") {
		t.Errorf("the second start says:\n%s", second.said)
	}
	second.want(200, token, "GET", "list", "")
	second.want(401, "", "GET", "list", "")
	second.want(401, token+"x", "GET", "list", "")

	err := filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), token) {
			t.Errorf("%s holds the token", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, d := range []*daemon{first, second} {
		if strings.Contains(d.log.String(), token) {
			t.Errorf("the log holds the token:\n%s", d.log)
		}
	}
}

// TestTokenCommands adds an account while the service runs, and takes its
// tokens away.
func TestTokenCommands(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data)
	admin := d.token()
	d.want(201, admin, "PUT", "mine", define("mine", "/admin/hello.star"))

	bo := d.account(data, "bo")
	d.want(404, bo, "GET", "mine", "")
	d.want(404, bo, "GET", "u/mine", "")
	d.want(200, admin, "GET", "u/mine", "")
	writeScript(t, filepath.Join(data, "scripts"), "bo/mine.star", sample)
	d.want(201, bo, "PUT", "mine", define("mine", "/bo/mine.star"))
	d.want(200, bo, "GET", "u/mine", "")
	if a := d.want(400, bo, "PATCH", "mine", `{"handler_script_path":"/admin/hello.star"}`); !strings.Contains(a.body, "below /bo/") {
		t.Errorf("a script of another account: %s", a.body)
	}

	if out, log, code := output(t, "-data", data, "revoke", "bo"); code != 0 || out+log != "" {
		t.Fatalf("revoke: %d %q %q", code, out, log)
	}
	d.answers(bo, "list", 401)
	d.want(200, admin, "GET", "u/mine", "")

	elsewhere := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"an account without tokens may be a slip of the pen", []string{"-data", data, "revoke", "bo"}, "account bo has no tokens"},
		{"a token of a new database would open nothing", []string{"-data", elsewhere, "token", "bo"}, "-data"},
		{"nor would revoking there revoke", []string{"-data", elsewhere, "revoke", "admin"}, "-data"},
	} {
		out, log, code := output(t, c.args...)
		if code != exitFailed || out != "" || !strings.Contains(log, c.want) {
			t.Errorf("%s: %d %q %q", c.reason, code, out, log)
		}
	}
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("a command about tokens made a database")
	}
}

// TestSharedScripts lets an account run the scripts of another one, whose text
// it does not see.
func TestSharedScripts(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data, "-shared-scripts")
	bo := d.account(data, "bo")
	d.want(201, bo, "PUT", "mine", define("mine", "/admin/hello.star"))
	d.want(200, bo, "GET", "u/mine", "")
	d.want(403, bo, "GET", "mine/script", "")
	d.want(403, bo, "PUT", "mine/script", sample)
}

// TestSample checks that what the first start prints can be used at once.
func TestSample(t *testing.T) {
	d := start(t)
	token := d.token()
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	if a := d.want(200, token, "POST", "u/hello?name=Ada", ""); a.body != "Hello, Ada!\n" {
		t.Errorf("the sample says %q", a.body)
	}
	for target, want := range map[string]int{"/": 200, "/console/": 200, "/healthz": 200, "/nothing": 404} {
		resp, err := client.Get(d.url + target) // follows the redirect of the first one
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d %v, want %d", target, resp.StatusCode, err, want)
		}
	}
}

// TestRefusals starts what cannot run; each says what to do.
func TestRefusals(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	damaged := filepath.Join(dir, "damaged")
	if err := os.Mkdir(damaged, 0o755); err != nil {
		t.Fatal(err)
	}
	noise := strings.Repeat("no database at all\n", 1000)
	for _, name := range []string{file, filepath.Join(damaged, "endpoints.db")} {
		if err := os.WriteFile(name, []byte(noise), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	newer := filepath.Join(dir, "later")
	makeNewer(t, newer)
	for _, c := range []struct {
		reason string
		args   []string
		code   int
		want   string // part of what it says
	}{
		{"a port that is taken", []string{"-addr", l.Addr().String()}, exitFailed, "choose another address with -addr"},
		{"a port that is taken, for metrics", []string{"-addr", "127.0.0.1:0", "-metrics", l.Addr().String()}, exitFailed, "choose another address with -metrics"},
		{"a file in the place of the directory", []string{"-data", file}, exitFailed, "-data"},
		{"a damaged database", []string{"-data", damaged}, exitFailed, "endpoints.db"},
		{"scripts that are a file", []string{"-scripts", file}, exitFailed, "-scripts"},
		{"secrets that are not there", []string{"-secrets", filepath.Join(dir, "none")}, exitFailed, "-secrets"},
		{"a database that does not answer", []string{"-postgres", "postgres://nobody@127.0.0.1:1/none"}, exitFailed, "127.0.0.1"},
		{"an unknown flag", []string{"-port", "80"}, exitUsage, "-help tells the flags"},
		{"an unknown command", []string{"tokens"}, exitUsage, "write token or revoke"},
		{"a command without its account", []string{"token"}, exitUsage, "endpointd token ACCOUNT"},
		{"a flag after the command", []string{"token", "a", "-data", "x"}, exitUsage, "flags stand before the command"},
		{"an account that is no name", []string{"token", "../a"}, exitUsage, "is no name"},
		{"a network without its length", []string{"-trusted-proxies", "10.0.0.1"}, exitUsage, "10.0.0.0/8"},
		{"a format of the log that is none", []string{"-log", "xml"}, exitUsage, "text or json"},
		{"a host that is no origin", []string{"-addr", "127.0.0.1:0", "-allow-http", "example.com"}, exitFailed, `-allow-http: script: AllowHTTP: "example.com" is no origin`},
		{"an external URL that is none", []string{"-external-url", "example.com"}, exitUsage, "-external-url"},
		{"a newer database", []string{"-addr", "127.0.0.1:0", "-data", newer}, exitFailed, "run a newer program"},
		{"no time for scripts", []string{"-script-time", "0s"}, exitUsage, "-script-time"},
		{"too little memory for scripts", []string{"-script-memory", "1"}, exitUsage, "-script-memory"},
		{"no calls at all", []string{"-account-calls", "0"}, exitUsage, "-account-calls"},
		{"a negative number of workers", []string{"-workers", "-1"}, exitUsage, "-workers"},
	} {
		stdout, stderr, code := output(t, c.args...)
		if code != c.code || !strings.Contains(stderr, c.want) || strings.Contains(stdout, "token") {
			t.Errorf("%s: exit code %d, want %d; it says %q and %q, want %q", c.reason, code, c.code, stdout, stderr, c.want)
		}
		if n := strings.Count(stderr, "\n"); n > 3 {
			t.Errorf("%s: %d lines, which nobody reads:\n%s", c.reason, n, stderr)
		}
	}
}

// makeNewer makes a database of a schema that is not known yet.
func makeNewer(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "endpoints.db")
	store, err := sqlstore.SQLite(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "PRAGMA user_version = 1000")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestEnvironment checks that variables set what flags do not.
func TestEnvironment(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"ENDPOINTD_ADDR": "127.0.0.1:1", "ENDPOINTD_SCRIPT_TIME": "3s", "ENDPOINTD_LOG": "", "ENDPOINTD_VERSION": "1.2.3"}[name]
		return v, ok
	}
	s, _, err := parse([]string{"-addr", "127.0.0.1:2"}, env, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	if s.addr != "127.0.0.1:2" || s.scriptTime.Seconds() != 3 || s.logFormat != "text" {
		t.Errorf("got %+v", s)
	}
	wrong := func(name string) (string, bool) { return "soon", name == "ENDPOINTD_SCRIPT_TIME" }
	if _, _, err := parse(nil, wrong, os.Stderr); err == nil || !strings.Contains(err.Error(), "ENDPOINTD_SCRIPT_TIME") {
		t.Errorf("a wrong variable: %v", err)
	}
}

// TestLogJSON reads the log as a machine does: each line is JSON, and tells
// the owner's trouble but nothing of the request.
func TestLogJSON(t *testing.T) {
	scripts := t.TempDir()
	writeScript(t, scripts, "admin/fail.star", "def handler(request):\n    fail('on\\npurpose')\n")
	d := start(t, "-scripts", scripts, "-log", "json")
	token := d.token()
	d.want(201, token, "PUT", "fail", define("fail", "/admin/fail.star"))
	d.want(500, token, "POST", "u/fail?hush=query", "hush body")
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	var failed map[string]any
	for lines := bufio.NewScanner(strings.NewReader(d.log.String())); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Errorf("%v in %s", err, lines.Text())
		}
		if line["msg"] == "handler failed" {
			failed = line
		}
	}
	if failed["account"] != "admin" || failed["id"] != "fail" || failed["request_id"] == "" || failed["cause"] == nil {
		t.Errorf("the failure is logged as %v", failed)
	}
	for _, secret := range []string{"hush", token} {
		if strings.Contains(d.log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, d.log)
		}
	}
}

// TestHelp checks that the help names every flag once, with its variable's rule.
func TestHelp(t *testing.T) {
	_, help, code := output(t, "-help")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"-addr", "-postgres", "-scripts", "-shared-scripts", "ENDPOINTD_SCRIPT_TIME", "endpointd [flags] token ACCOUNT", "/console/"} {
		if !strings.Contains(help, want) {
			t.Errorf("the help lacks %q:\n%s", want, help)
		}
	}
	if stdout, _, code := output(t, "-version"); code != 0 || !strings.HasPrefix(stdout, "endpointd ") {
		t.Errorf("-version: %d %q", code, stdout)
	}
}
