package endpoint_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/testdata/shape"
)

// shapeDir holds the wrong registrations.
const shapeDir = "testdata/shape"

// shapeFaults is texts of faults by the line they are reported for, "path.go:12".
type shapeFaults map[string][]string

var (
	// shapePlace is a place in one of the files.
	shapePlace = regexp.MustCompile(`shape/(\w+\.go):(\d+)`)
	// shapeHead is what a fault of an endpoint begins with: methods, path,
	// function, its place unless the compiler keeps none, and the registration.
	shapeHead = regexp.MustCompile(`^endpoint: (?:[A-Z*,]+ )?(?:/\S*|""|[^/ ]\S*|GET /users): .+?(?: \(shape/\w+\.go:\d+\))? registered at shape/(\w+\.go:\d+): `)
	// shapeOwner is what a fault of anything else begins with.
	shapeOwner = regexp.MustCompile(`^endpoint: (?:New|Group "[^"]*"|Configure|Provide) \(shape/(\w+\.go:\d+)\): `)
)

// TestShapes compares what Compile says of every wrong registration with the
// comment beside it.
func TestShapes(t *testing.T) {
	got := shapeFaults{}
	names := map[string]bool{}
	for _, c := range shape.Cases() {
		if names[c.Name] || c.Reason == "" {
			t.Errorf("case %q: a name is used once, and has a reason", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			faults := shapeCompile(t, c)
			for _, text := range faults {
				line, rest := shapeSplit(t, text)
				got[line] = append(got[line], rest)
			}
		})
	}
	if n := len(names); n < 120 {
		t.Errorf("%d cases: some are lost", n)
	}
	if *update {
		shapeRewrite(t, got)
	}
	want := shapeWanted(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults by line (-want +got); -update rewrites the comments:\n%s", diff)
	}
}

// shapeCompile returns the faults of a case.
func shapeCompile(t *testing.T, c shape.Case) []string {
	t.Helper()
	err := c.API().Compile()
	if err == nil {
		t.Fatalf("compiles, though: %s", c.Reason)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("error %T is not made by errors.Join", err)
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
	}
	for i, text := range texts {
		if slices.Contains(texts[:i], text) {
			t.Errorf("told twice: %s", text)
		}
		if strings.ContainsAny(text, "\n`") || strings.Contains(text, "%!") {
			t.Errorf("not one line of plain text: %q", text)
		}
	}
	return texts
}

// shapeSplit returns the place that a fault is reported for, and the rest of
// its text, in which lines of other places are left out.
func shapeSplit(t *testing.T, text string) (line, rest string) {
	t.Helper()
	for _, head := range []*regexp.Regexp{shapeHead, shapeOwner} {
		if m := head.FindStringSubmatch(text); m != nil {
			line, rest = m[1], text[len(m[0]):]
		}
	}
	if line == "" {
		// A fault of two endpoints belongs to the second one.
		places := shapePlace.FindAllStringSubmatch(text, -1)
		if len(places) == 0 {
			t.Fatalf("no place: %s", text)
		}
		last := places[len(places)-1]
		line, rest = last[1]+":"+last[2], strings.TrimPrefix(text, "endpoint: ")
	}
	if _, remedy, _ := strings.Cut(rest, "; "); remedy == "" {
		t.Errorf("no remedy after a semicolon: %s", text)
	}
	return line, shapePlace.ReplaceAllString(rest, "shape/$1:N")
}

// shapeWant is the comment of a line with a fault.
var shapeWant = regexp.MustCompile("// want(?:$| (`[^`]*`(?: `[^`]*`)*)$)")

// shapeWanted returns what the comments say.
func shapeWanted(t *testing.T) shapeFaults {
	t.Helper()
	want := shapeFaults{}
	for file, lines := range shapeFiles(t) {
		for i, line := range lines {
			m := shapeWant.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			place := fmt.Sprintf("%s:%d", file, i+1)
			want[place] = strings.Split(strings.Trim(m[1], "`"), "` `")
		}
	}
	return want
}

// shapeFiles returns the lines of the files by name.
func shapeFiles(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(shapeDir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("files %q, error %v", names, err)
	}
	files := map[string][]string{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for s := bufio.NewScanner(f); s.Scan(); {
			lines = append(lines, s.Text())
		}
		f.Close()
		files[filepath.Base(name)] = lines
	}
	return files
}

// shapeRewrite puts what Compile said into the comments.
func shapeRewrite(t *testing.T, got shapeFaults) {
	t.Helper()
	files := shapeFiles(t)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		lines := files[file]
		for i, line := range lines {
			code, _, marked := strings.Cut(line, " // want")
			texts := got[fmt.Sprintf("%s:%d", file, i+1)]
			if len(texts) > 0 || marked {
				lines[i] = strings.TrimRight(code, " ") + " // want"
			}
			for _, text := range texts {
				lines[i] += " `" + text + "`"
			}
		}
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(shapeDir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
