package endpoint_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamplesShow asks that every exported function and type of the package
// appears in an example, where somebody who looks it up finds it used.
func TestExamplesShow(t *testing.T) {
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	// Parts of what Operations returns, which its example goes through.
	parts := map[string]bool{
		"Operation": true, "OperationParameter": true, "OperationBody": true,
		"OperationResult": true, "OperationError": true, "OperationErrorBody": true,
	}
	name := regexp.MustCompile(`^(?:func|type) (\w+)`)
	for _, p := range publicPackages(t) {
		if p.name != "endpoint" {
			continue
		}
		for _, d := range p.decls() {
			m := name.FindStringSubmatch(d.text)
			if m == nil || parts[m[1]] {
				continue
			}
			used := regexp.MustCompile(`endpoint\.` + m[1] + `\b|func Example` + m[1] + `(_|\b)`)
			if !used.MatchString(text.String()) {
				t.Errorf("%s is in no example", d.text)
			}
		}
	}
}
