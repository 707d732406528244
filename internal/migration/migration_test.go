// Package migration runs the Go examples of the guides in docs/migration: each
// is a region of a file here, and the guides show the regions as they are.
package migration

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/readme"
)

// update makes the test rewrite the blocks of the guides.
var update = flag.Bool("update", false, "rewrite the blocks of the guides")

// guides is where the guides are.
const guides = "../../docs/migration"

// TestGuides compares the Go blocks of the guides with the regions that other
// tests run.
func TestGuides(t *testing.T) {
	for _, name := range []string{"skygear", "dara", "anvil"} {
		t.Run(name, func(t *testing.T) {
			guide := filepath.Join(guides, name+".md")
			found := regions(t, name+"_test.go")
			if len(found) < 5 {
				t.Fatalf("%d examples: some are lost", len(found))
			}
			for mark, text := range found {
				readme.Check(t, guide, mark, text, *update)
			}
			text, err := os.ReadFile(guide)
			if err != nil {
				t.Fatal(err)
			}
			if blocks := strings.Count(string(text), "\n```go\n"); blocks != len(found) {
				t.Errorf("%s has %d Go blocks, %d of them run", guide, blocks, len(found))
			}
		})
	}
}

// regions returns what stands between the lines "// guide: mark" and "// end"
// of a file, without its indentation.
func regions(t *testing.T, file string) map[string]string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	mark, indent := "", ""
	for line := range strings.Lines(string(source)) {
		text := strings.TrimSpace(line)
		switch begin, ok := strings.CutPrefix(text, "// guide: "); {
		case ok:
			mark, indent = begin, line[:strings.Index(line, "//")]
		case text == "// end":
			mark = ""
		case mark != "":
			found[mark] += strings.TrimPrefix(line, indent)
		}
	}
	return found
}

// An exchange is a request to an example and its answer.
type exchange struct {
	method, target string
	header         []string // name, value, name, value
	body           string
	status         int
	want           string // the body, "" for any
	has            string // "Name: value" that the answer has
}

// play plays exchanges with an API.
func play(t *testing.T, api *endpoint.API, exchanges ...exchange) {
	t.Helper()
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		var body io.Reader
		if e.body != "" {
			body = strings.NewReader(e.body)
		}
		r := httptest.NewRequest(e.method, e.target, body)
		for i := 0; i < len(e.header); i += 2 {
			r.Header.Set(e.header[i], e.header[i+1])
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != e.status || e.want != "" && w.Body.String() != e.want {
			t.Errorf("%s %s: %d %q, want %d %q", e.method, e.target, w.Code, w.Body, e.status, e.want)
		}
		if name, value, ok := strings.Cut(e.has, ": "); ok && w.Header().Get(name) != value {
			t.Errorf("%s %s: %s is %q, want %q", e.method, e.target, name, w.Header().Get(name), value)
		}
	}
}

// get is a GET that is answered with 200.
func get(target, want string, header ...string) exchange {
	return exchange{method: http.MethodGet, target: target, header: header, status: 200, want: want}
}
