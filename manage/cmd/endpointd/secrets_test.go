package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	writeScript(t, dir, "a/key", "one\n")
	writeScript(t, dir, "b/key", "two")
	writeScript(t, dir, "a/long", strings.Repeat("x", maxSecret+1))
	writeScript(t, dir, "outer", "none")
	if err := os.Symlink(filepath.Join(dir, "outer"), filepath.Join(dir, "a", "link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, c := range []struct {
		reason, account, name, want string
	}{
		{"the line feed of an editor is no part of it", "a", "key", "one"},
		{"another account has its own", "b", "key", "two"},
		{"nobody's", "c", "key", ""},
		{"without an account", "", "outer", ""},
		{"out of the account", "a", "../b/key", ""},
		{"an account that is a path", "..", "key", ""},
		{"a directory", ".", "a", ""},
		{"a link out of the directory", "a", "link", ""},
		{"too long", "a", "long", ""},
	} {
		got, ok := secrets{root}.get(c.account, c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, %t, want %q", c.reason, got, ok, c.want)
		}
	}
	if _, ok := (secrets{}).get("a", "key"); ok {
		t.Error("a secret without a directory")
	}
}

// TestScriptsOutside asks for secrets and other services from scripts in their
// workers: each account has its own, and only the hosts that are allowed answer.
func TestScriptsOutside(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "got "+r.Header.Get("Key")) // who is gone asks no more
	}))
	defer service.Close()
	var strayed atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer other.Close()

	dir := t.TempDir()
	data, hidden := filepath.Join(dir, "data"), filepath.Join(dir, "secrets")
	writeScript(t, hidden, "admin/key", "of admin\n")
	writeScript(t, hidden, "bo/key", "of bo\n")
	writeScript(t, hidden, "bo/mine", "of bo alone\n")
	for _, account := range []string{"admin", "bo"} {
		writeScript(t, filepath.Join(data, "scripts"), account+"/key.star", "def handler(request):\n    return secret(request.args.get('name'))\n")
		writeScript(t, filepath.Join(data, "scripts"), account+"/fetch.star",
			"def handler(request):\n    return http.get(request.args.get('url'), headers={'Key': secret('key')}).body\n")
	}
	d := start(t, "-data", data, "-secrets", hidden, "-allow-http", service.URL)
	tokens := map[string]string{"admin": d.token(), "bo": d.account(data, "bo")}
	for account, token := range tokens {
		for _, name := range []string{"key", "fetch"} {
			d.want(201, token, "PUT", name, define(name, "/"+account+"/"+name+".star"))
		}
	}
	for _, c := range []struct {
		reason, account, target string
		status                  int
		body                    string
	}{
		{"its secret", "admin", "u/key?name=key", 200, "of admin"},
		{"another account has another one of that name", "bo", "u/key?name=key", 200, "of bo"},
		{"a secret of another account", "admin", "u/key?name=mine", 500, "the handler failed"},
		{"by its path", "admin", "u/key?name=../bo/mine", 500, "the handler failed"},
		{"a host that is allowed", "bo", "u/fetch?url=" + service.URL, 200, "got of bo"},
		{"one that is not", "bo", "u/fetch?url=" + other.URL, 500, "the handler failed"},
		{"one that the allowed one points at", "bo", "u/fetch?url=" + url.QueryEscape(service.URL+"/away?to="+other.URL), 500, "the handler failed"},
		{"this program itself", "bo", "u/fetch?url=" + d.url + "/healthz", 500, "the handler failed"},
		{"a file", "bo", "u/fetch?url=file:///etc/passwd", 500, "the handler failed"},
	} {
		if a := d.want(c.status, tokens[c.account], "GET", c.target, ""); a.body != c.body {
			t.Errorf("%s: %q, want %q", c.reason, a.body, c.body)
		}
	}
	if n := strayed.Load(); n != 0 {
		t.Errorf("%d requests went to a host that is not allowed", n)
	}
	writeScript(t, hidden, "admin/key", "changed")
	if a := d.want(200, tokens["admin"], "GET", "u/key?name=key", ""); a.body != "changed" {
		t.Errorf("after the secret was changed: %q", a.body)
	}
	if said := d.said.String() + d.log.String(); strings.Contains(said, "of bo") || strings.Contains(said, "of admin") {
		t.Errorf("a secret was logged:\n%s", said)
	}
}
