package endpoint_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// docTable returns the rows of the table in the package comment that begins
// with the given heading, each split into its columns.
func docTable(t *testing.T, heading string) [][]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(f.Doc.Text(), "\t"+heading)
	if !found {
		t.Fatalf("the package comment has no table with the heading %q", heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	columns := regexp.MustCompile(`\s{2,}`)
	var rows [][]string
	for _, line := range strings.Split(table, "\n")[1:] {
		rows = append(rows, columns.Split(strings.TrimSpace(line), -1))
	}
	return rows
}

// docServe serves one GET, its target read as a server reads it, and returns
// the answer.
func docServe(api http.Handler, target string) *httptest.ResponseRecorder {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: example.com\r\n\r\n")))
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return w
}

// TestDocPatterns holds the table of patterns in the package comment true.
func TestDocPatterns(t *testing.T) {
	rows := docTable(t, "pattern ")
	if len(rows) < 8 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		if len(row) != 3 {
			t.Fatalf("row %q has %d columns, want 3", row, len(row))
		}
		pattern := strings.Trim(row[0], `"`)
		api := endpoint.New()
		api.Get(pattern, func(*endpoint.Request) string { return "matched" })
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
		for path := range strings.FieldsSeq(row[1]) {
			if w := docServe(api, path); w.Body.String() != "matched" {
				t.Errorf("pattern %q: the comment says that %s matches; status %d", pattern, path, w.Code)
			}
		}
		for path := range strings.FieldsSeq(row[2]) {
			if w := docServe(api, path); w.Code != http.StatusNotFound {
				t.Errorf("pattern %q: the comment says that %s does not match; status %d", pattern, path, w.Code)
			}
		}
	}
}

// TestDocPrecedence holds the table of precedence in the package comment true,
// whatever was registered first.
func TestDocPrecedence(t *testing.T) {
	patterns := []string{"users/me", "users/:id", "users/"}
	rows := docTable(t, "request ")
	if len(rows) != len(patterns) {
		t.Fatalf("the table has %d rows, want %d", len(rows), len(patterns))
	}
	for first := range patterns {
		api := endpoint.New()
		for i := range patterns {
			p := patterns[(first+i)%len(patterns)]
			api.Get(p, func(*endpoint.Request) string { return p })
		}
		for _, row := range rows {
			if w := docServe(api, row[0]); w.Body.String() != row[1] {
				t.Errorf("%s is answered by %q, want %q", row[0], w.Body, row[1])
			}
		}
	}
}

// TestDocBarePrefix holds what the package comment says of the bare form of a
// prefix true.
func TestDocBarePrefix(t *testing.T) {
	prefix := endpoint.Define("files/", func(*endpoint.Request) string { return "prefix" }, endpoint.Methods("GET"))
	api := endpoint.New()
	api.Add(prefix)
	if w := docServe(api, "/files"); w.Code != http.StatusPermanentRedirect || w.Header().Get("Location") != "/files/" {
		t.Errorf("the bare form is answered with %d, Location %q", w.Code, w.Header().Get("Location"))
	}
	api.Get("files", func() string { return "bare" })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	if w := docServe(api, "/files"); w.Body.String() != "bare" {
		t.Errorf("the bare form, registered itself, is answered with %d %q", w.Code, w.Body)
	}
}

// A docWriter is called when something is written.
type docWriter func()

func (w docWriter) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

// A docStage is a dependency that a provider makes.
type docStage struct{}

// TestDocOrder holds the way of a request in the package comment true.
func TestDocOrder(t *testing.T) {
	var got []string
	note := func(stage string) { got = append(got, stage) }
	around := func(stage string) endpoint.Option {
		return endpoint.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				note(stage)
				next.ServeHTTP(w, r)
			})
		})
	}
	api := endpoint.New(around("middleware of New"))
	api.Provide(func() (docStage, func(error) error) {
		note("dependency made")
		return docStage{}, func(error) error { note("dependency finished"); return nil }
	})
	group := api.Group("g", around("middleware of the group"), endpoint.Depends(func() { note("guard without body") }))
	group.Post("a", func(docStage) http.Handler {
		note("handler")
		return nil
	}, around("middleware of the endpoint"), endpoint.Depends(func([]byte) { note("guard with body") }))

	want := []string{
		"middleware of New", "middleware of the group", "middleware of the endpoint", "guard without body",
		"body read", "guard with body", "dependency made", "handler", "dependency finished",
	}
	r := httptest.NewRequest(http.MethodPost, "/g/a", io.TeeReader(strings.NewReader("text"), docWriter(func() { note("body read") })))
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("status %d; the order differs (-want +got):\n%s", w.Code, d)
	}
}
