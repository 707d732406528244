package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `Users, as the README shows them.

# case: found
# reason: a known id is answered
-- request --
GET /users/1

-- response --
200 OK

{"id":1}

# case: marks
# reason: a text may hold what looks like a marker
-- request --
\-- response --
\# case: no
\\-- x --
\plain
# reason: text here
-- response --
`

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	want := []Case{
		{"found", "a known id is answered", 3, []Section{
			{"request", "GET /users/1\n"},
			{"response", "200 OK\n\n{\"id\":1}\n"},
		}},
		{"marks", "a text may hold what looks like a marker", 13, []Section{
			{"request", "-- response --\n# case: no\n\\-- x --\n\\plain\n# reason: text here\n"},
			{"response", ""},
		}},
	}
	for _, text := range []string{sample, strings.ReplaceAll(sample, "\n", "\r\n")} {
		got, err := Read(writeFile(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Read (-want +got):\n%s", d)
		}
	}
}

func TestReadFaults(t *testing.T) {
	tests := []struct{ text, want, reason string }{
		{"# case: a\n-- x --\n", `:2: case "a" has no reason: write "# reason: why" below its name`, "a case says why it exists"},
		{"# case: a\n# reason: \n-- x --\n", `:3: case "a" has no reason: write "# reason: why" below its name`, "an empty reason is none"},
		{"# case: a\n# reason: r\n-- x --\n# case: a\n# reason: r\n-- x --\n", `:4: case "a" is also at line 1: give it a name of its own`, "names are unique"},
		{"# case: a\n# reason: r\n-- x --\n-- x --\n", `:4: section "x" stands twice in case "a": remove one`, "sections are unique"},
		{"# case: \n# reason: r\n-- x --\n", `:3: case at line 1 has no name: write "# case: name"`, "a case has a name"},
		{"# case: a\n# reason: r\n", `:2: case "a" has no section: write "-- request --"`, "a case without a text tests nothing"},
		{"# case: a\n# reason: r\nGET /\n-- x --\n", `:3: text outside a section: "GET /": begin a section with "-- name --"`, "no text is lost"},
	}
	for _, tt := range tests {
		path := writeFile(t, tt.text)
		_, err := Read(path)
		if err == nil {
			t.Errorf("no error for %q, want %s: %s", tt.text, tt.want, tt.reason)
			continue
		}
		if got := strings.TrimPrefix(err.Error(), path); got != tt.want {
			t.Errorf("error %s, want %s: %s", got, tt.want, tt.reason)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.txt")); !os.IsNotExist(err) {
		t.Errorf("error %v of a missing file, want one that says so", err)
	}
	_, err := Read(writeFile(t, "# case: a\n# case: a\n"))
	if n := strings.Count(err.Error(), "\n") + 1; n != 5 {
		t.Errorf("%d faults in %v, want all 5: two reasons, two sections, one name", n, err)
	}
}

func TestWrite(t *testing.T) {
	path := writeFile(t, sample)
	cases, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	cases[0].Set("response", "404 Not Found\n")
	cases[1].Set("log", "WARN")
	if err := Write(path, cases); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(sample, "200 OK\n\n{\"id\":1}\n", "404 Not Found\n", 1)
	want = strings.Replace(want, "GET /users/1\n\n", "GET /users/1\n", 1) + "-- log --\nWARN\n"
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("Write changed more than the sections (-want +got):\n%s", d)
	}
	if got := cases[1].Get("log"); got != "WARN" {
		t.Errorf("Get after Set = %q", got)
	}
	if got := cases[1].Get("none"); got != "" {
		t.Errorf("Get of a missing section = %q, want none", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	sections := []Section{{"x", "y"}}
	tests := []struct {
		name   string
		before string
		cases  []Case
	}{
		{"a fault in the present file", "# case: a\n", []Case{{"a", "r", 0, sections}}},
		{"a case without reason", "", []Case{{"a", "", 0, sections}}},
		{"the same name twice", "", []Case{{"a", "r", 0, sections}, {"a", "r", 0, sections}}},
		{"a name of two lines", "", []Case{{"a\n# reason: s\n-- x --\n# case: b", "r", 0, sections}}},
	}
	for _, tt := range tests {
		path := writeFile(t, tt.before)
		if err := Write(path, tt.cases); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
		if got, _ := os.ReadFile(path); string(got) != tt.before {
			t.Errorf("%s: the file was changed to %q", tt.name, got)
		}
	}
	path := filepath.Join(t.TempDir(), "new.txt")
	if err := Write(path, []Case{{"a", "r", 0, sections}}); err != nil {
		t.Errorf("a missing file is made: %v", err)
	}
}
