package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestDiskFull lets the files of the service grow no more, as on a full disk:
// writes are refused with a problem, reads and triggers go on, and the service
// heals without a restart.
func TestDiskFull(t *testing.T) {
	prlimit, err := exec.LookPath("prlimit")
	if err != nil || runtime.GOOS != "linux" {
		if os.Getenv("CI") != "" {
			t.Fatal("prlimit of util-linux is missing; install it")
		}
		t.Skip("prlimit of util-linux is missing; install it to run this test")
	}
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data)
	token := d.token()
	d.want(201, token, "PUT", "first", define("first", "/admin/hello.star"))
	limit := func(bytes string) {
		t.Helper()
		out, err := exec.Command(prlimit, "--pid", fmt.Sprint(d.cmd.Process.Pid), "--fsize="+bytes).CombinedOutput()
		if err != nil {
			t.Fatalf("prlimit: %v\n%s", err, out)
		}
	}
	limit("4096:unlimited") // less than the database has already

	const tries = 20
	refused := 0
	for i := range tries {
		id := fmt.Sprintf("full%d", i)
		a, err := d.ask(token, "PUT", id, define(id, "/admin/hello.star"))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case a.status == 503 && strings.Contains(a.header.Get("Content-Type"), "problem+json"):
			refused++
			d.want(404, token, "GET", id, "") // nothing of it is there
			d.want(404, token, "GET", "u/"+id, "")
		case a.status != 201:
			t.Errorf("%s: %d %s", id, a.status, a.body)
		}
		d.want(200, token, "GET", "u/first", "")
		d.want(200, token, "GET", "list", "")
	}
	if refused == 0 {
		t.Error("nothing was refused, so the disk was not full")
	}
	limit("unlimited:unlimited")
	d.want(201, token, "PUT", "after", define("after", "/admin/hello.star"))
	before := d.want(200, token, "GET", "list", "").body
	d.kill()

	again := start(t, "-data", data)
	if got := again.want(200, token, "GET", "list", "").body; got != before {
		t.Errorf("after the restart the list is\n%s\nit was\n%s", got, before)
	}
}

// TestTwoProcesses runs two servers on one SQLite file: no change is lost, and
// each sees what the other one does.
func TestTwoProcesses(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	one := start(t, "-data", data)
	token := one.token()
	other := start(t, "-data", data)
	for i := range 20 {
		id := fmt.Sprintf("e%d", i)
		one.want(201, token, "PUT", id, define(id, "/admin/hello.star"))
		appears(t, other, token, id)
		etag := other.want(200, token, "GET", id, "").header.Get("Etag")
		one.want(200, token, "PATCH", id, `{"enabled":false}`)
		r := request(t, other, token, "PATCH", id, `{"enabled":true}`)
		r.Header.Set("If-Match", etag)
		a, err := send(r)
		if err != nil {
			t.Fatal(err)
		}
		if a.status != 412 {
			t.Fatalf("a lost update: %d %s", a.status, a.body)
		}
	}
}
