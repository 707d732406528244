package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// documented is the handler in the document of the HTTP endpoint API, as it
// stands there. What Starlark does not know of it, the imports and the
// annotations, the engine passes over.
const documented = `from flask import Request, Response
from typing import Any

def handler(request:Request, *args: Any, **kwargs: Any):
    if request.method == "GET":
        return Response("Hello World", mimetype="text/plain")
    else:
        return Response(status=404)
`

// where the document keeps it.
const documentedPath = "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py"

// TestDocumentedCalls makes the calls of the document's client one after
// another, each as it stands there, and checks what the document says of the
// answer.
func TestDocumentedCalls(t *testing.T) {
	d, token := documentedService(t)
	call := func(method, target, body string) answer {
		t.Helper()
		a, err := d.ask(token, method, target, body) // JSON without a content type, as requests sends data=
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	args := `{"path": "helloworld", "handler_script_path": "` + documentedPath + `"}`
	update := `{"id": "my-endpoint-id", "path": "helloworld", "handler_script_path": "` + documentedPath + `", "enabled": true}`
	record := `{"id": "my-endpoint-id", "path": "helloworld", "handler_script_path": "` + documentedPath + `", "state": "ENABLED"}`
	for _, c := range []struct {
		reason, method, target, body string
		status                       int
		json                         string // of the answer; "" for text
		text                         string
	}{
		{"create", "PUT", "my-endpoint-id", args, 201, `{"id": "my-endpoint-id"}`, ""},
		{"trigger", "GET", "u/helloworld", "", 200, "", "Hello World"},
		{"the handler's other branch", "POST", "u/helloworld", "", 404, "", ""},
		{"update", "PATCH", "my-endpoint-id", update, 200, `{"id": "my-endpoint-id"}`, ""},
		{"get", "GET", "my-endpoint-id", "", 200, record, ""},
		{"list", "GET", "list?id=my-endpoint-id", "", 200, `{"id": "my-endpoint-id", "endpoints": [` + record + `]}`, ""},
		{"delete, whose answer the client reads as JSON", "DELETE", "my-endpoint-id", "", 200, `{"id": "my-endpoint-id"}`, ""},
		{"get what is gone", "GET", "my-endpoint-id", "", 404, "-", ""},
	} {
		a := call(c.method, c.target, c.body)
		if a.status != c.status {
			t.Fatalf("%s: %d %s, want %d", c.reason, a.status, a.body, c.status)
		}
		switch c.json {
		case "-":
		case "":
			if a.body != c.text {
				t.Errorf("%s: %q, want %q", c.reason, a.body, c.text)
			}
		default:
			if !sameJSON(t, a.body, c.json) {
				t.Errorf("%s: %s, want %s", c.reason, a.body, c.json)
			}
		}
	}
}

// documentedService is a service with the document's handler, and a token of
// its owner.
func documentedService(t *testing.T) (d *daemon, token string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	writeScript(t, filepath.Join(data, "scripts"), documentedPath[1:], documented)
	d = start(t, "-data", data)
	return d, d.account(data, "jaydoe")
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Errorf("%v in %s", err, a)
		return false
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	xs, _ := json.Marshal(x) // of what was read
	ys, _ := json.Marshal(y)
	return string(xs) == string(ys)
}

// TestPythonClient runs the document's own Python, the file that package manage
// tests with too, with the library requests. Where that is not installed,
// TestDocumentedCalls has made the same calls.
func TestPythonClient(t *testing.T) {
	if err := exec.Command("python3", "-c", "import requests").Run(); err != nil {
		t.Log("there is no python3 with requests here; TestDocumentedCalls makes the same calls")
		return
	}
	d, token := documentedService(t)
	cmd := exec.Command("python3", filepath.Join("..", "..", "testdata", "client.py"), d.url, token)
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	view := "{'id': 'my-endpoint-id', 'path': 'helloworld', 'handler_script_path': '" + documentedPath + "', 'state': 'ENABLED'}"
	want := strings.Join([]string{
		"201 {'id': 'my-endpoint-id'}", "200 b'Hello World'", "200 {'id': 'my-endpoint-id'}", "200 " + view,
		"200 {'id': 'my-endpoint-id', 'endpoints': [" + view + "]}", "200", "",
	}, "\n")
	if got := string(out); got != want {
		t.Errorf("it printed\n%s\nwant\n%s", got, want)
	}
}
