package manage_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// serve serves a service over the loopback, with the script of the page.
func serve(t *testing.T) string {
	s := open(t)
	s.script(helloPath, "# go: hello\n")
	server := httptest.NewServer(s.api)
	t.Cleanup(server.Close)
	return server.URL
}

const helloView = `{"id":"my-endpoint-id","path":"helloworld","handler_script_path":"` + helloPath + `","state":"ENABLED"}`

// The calls of the page that this API is made after, as its client sends them:
// JSON without a content type.
func TestClient(t *testing.T) {
	leak.Check(t)
	api := serve(t) + "/api/v1/http-endpoint"
	client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for _, call := range []struct {
		method, url, body string
		status            int
		answer            string
	}{
		{"PUT", "/my-endpoint-id", `{"path": "helloworld", "handler_script_path": "` + helloPath + `"}`, 201, `{"id":"my-endpoint-id"}`},
		{"GET", "/u/helloworld", "", 200, "Hello World"},
		{"PATCH", "/my-endpoint-id", `{"id": "my-endpoint-id", "path": "helloworld", "handler_script_path": "` + helloPath + `", "enabled": true}`, 200, `{"id":"my-endpoint-id"}`},
		{"GET", "/my-endpoint-id", "", 200, helloView},
		{"GET", "/list?id=my-endpoint-id", "", 200, `{"id":"my-endpoint-id","endpoints":[` + helloView + `]}`},
		{"DELETE", "/my-endpoint-id", "", 200, `{"id":"my-endpoint-id"}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), call.method, api+call.url, strings.NewReader(call.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer tokA")
		w, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(w.Body)
		w.Body.Close()
		if err != nil || w.StatusCode != call.status || string(answer) != call.answer {
			t.Errorf("%s %s: %d %s %v, want %d %s", call.method, call.url, w.StatusCode, answer, err, call.status, call.answer)
		}
	}
}

// The same calls by the page's own client. TestClient holds them everywhere, so
// that this one need not run where Python has no requests.
func TestPythonClient(t *testing.T) {
	leak.Check(t)
	if err := exec.Command("python3", "-c", "import requests").Run(); err != nil {
		t.Log("the page's own client was not run, for which install python3 with the package requests")
		return
	}
	out, err := exec.Command("python3", "testdata/client.py", serve(t), "tokA").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	view := "{'id': 'my-endpoint-id', 'path': 'helloworld', 'handler_script_path': '" + helloPath + "', 'state': 'ENABLED'}"
	want := strings.Join([]string{
		"201 {'id': 'my-endpoint-id'}", "200 b'Hello World'", "200 {'id': 'my-endpoint-id'}", "200 " + view,
		"200 {'id': 'my-endpoint-id', 'endpoints': [" + view + "]}", "200", "",
	}, "\n")
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
}
