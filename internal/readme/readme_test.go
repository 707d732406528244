package readme

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const document = "# Title\n\n<!-- a.go -->\n```go\none\ntwo\n```\n\n<!-- out -->\n```\nDate: Monday\n```\n"

func TestCut(t *testing.T) {
	for _, c := range []struct{ reason, text, mark, want, fault string }{
		{"the content without its fences", document, "a.go", "one\ntwo\n", ""},
		{"the second block", document, "out", "Date: Monday\n", ""},
		{"a mark that is not there", document, "b.go", "", "no block"},
		{"an empty block is content", "<!-- a -->\n```\n```\n", "a", "", ""},
		{"a block that never ends", "<!-- a -->\n```\nx\n", "a", "", "does not end"},
		{"a fence alone", "<!-- a -->\n```go", "a", "", "no content"},
	} {
		before, got, after, err := cut(c.text, c.mark)
		if (err != nil) != (c.fault != "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: error %v, want %q", c.reason, err, c.fault)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
		}
		if err == nil && before+got+after != c.text {
			t.Errorf("%s: the parts are not the whole", c.reason)
		}
	}
}

func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	Check(t, file, "out", "Date: Friday", false) // another date is no difference
	Check(t, file, "out", "Date: Friday", true)
	if got := read(t, file); got != document {
		t.Errorf("an equal block was rewritten:\n%s", cmp.Diff(document, got))
	}
	Check(t, file, "a.go", "three\n", true)
	if want, got := strings.Replace(document, "one\ntwo", "three", 1), read(t, file); got != want {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
	}
	Check(t, file, "a.go", "three\n", false)
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParse(t *testing.T) {
	plain := http.Header{"Accept": {"*/*"}, "User-Agent": {"curl"}}
	with := func(name, value string) http.Header {
		h := plain.Clone()
		h.Set(name, value)
		return h
	}
	for _, c := range []struct {
		reason, line string
		want         command
	}{
		{"a URL alone is GET", "curl http://h/a", command{"GET", "http://h/a", plain, "", false}},
		{"data makes a form that is posted", "curl -d 'a b' http://h/", command{"POST", "http://h/", with("Content-Type", "application/x-www-form-urlencoded"), "a b", false}},
		{"a type of one's own stays", "curl -d '{}' -H 'Content-Type: text/x' http://h/", command{"POST", "http://h/", with("Content-Type", "text/x"), "{}", false}},
		{"a method of one's own stays", "curl -X PUT -i 'http://h/?a&b'", command{"PUT", "http://h/?a&b", plain, "", true}},
		{"a range has a unit", "curl -N -r 0-6 http://h/", command{"GET", "http://h/", with("Range", "bytes=0-6"), "", false}},
	} {
		got, err := parse(c.line)
		if err != nil {
			t.Errorf("%s: %v", c.reason, err)
			continue
		}
		if diff := cmp.Diff(&c.want, got, cmp.AllowUnexported(command{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.reason, diff)
		}
	}
	for _, line := range []string{"", "wget http://h/", "curl", "curl -x y http://h/", "curl http://h/ -X", "curl 'a", "curl http://h/?a&b", `curl "a"`} {
		if _, err := parse(line); err == nil {
			t.Errorf("%q was understood", line)
		}
	}
}

// TestSession runs lines against a server that tells what it got.
func TestSession(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Zebra", "1")
		w.Header()["A-First"] = []string{r.Header.Get("X-A")}
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String()+" on "+r.Host+" "+string(body)+".\n")
	}))
	defer server.Close()
	text := "Try:\n\ncurl -i -H 'X-A: b' http://shown/x\nno curl here\ncurl -d hello 'http://shown/?a=1'\n"
	got := Session(t, Lines(text), strings.TrimPrefix(server.URL, "http://"), "shown", Curl)
	want := `$ curl -i -H 'X-A: b' http://shown/x
HTTP/1.1 200 OK
A-First: b
X-Zebra: 1
Date: now
Content-Length: 16
Content-Type: text/plain; charset=utf-8

GET /x on shown .

$ curl -d hello 'http://shown/?a=1'
POST /?a=1 on shown hello.

`
	if diff := cmp.Diff(want, undatedLength(undated(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct{ reason, got, want, diff string }{
		{"equal texts", "a\nb\n", "a\nb\n", ""},
		{"the first line that differs", "a\nb\nc\n", "a\nx\ny\n", "line 2 is\n\tb\nand in truth\n\tx"},
		{"a line that is missing", "a", "a\nb", "line 2 is\n\t(nothing)\nand in truth\n\tb"},
	} {
		if diff := difference(c.got, c.want); diff != c.diff {
			t.Errorf("%s: got %q, want %q", c.reason, diff, c.diff)
		}
	}
}

// undatedLength undoes that the address has another length than the one shown.
func undatedLength(s string) string {
	before, after, _ := strings.Cut(s, "Content-Length: ")
	_, after, _ = strings.Cut(after, "\n")
	return before + "Content-Length: 16\n" + after
}
