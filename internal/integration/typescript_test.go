package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/documents"
)

// TestRedocly lints every document with the rules that Redocly recommends. One
// file of settings turns off what does not concern a library's output; it says
// why.
func TestRedocly(t *testing.T) {
	dir := npm(t)
	args := []string{"exec", "--", "redocly", "lint", "--config", "redocly.yaml", "--format", "stylish"}
	for _, d := range all(t) {
		name := d.name + ".json"
		if err := os.WriteFile(filepath.Join(dir, name), d.json, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	out, err := run(dir, "npm", args...)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "valid") {
		t.Errorf("it says nothing of validity:\n%s", out)
	}
	t.Log(lastLines(out, 3))

	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`{"openapi":"3.1.0","info":{"title":"x"},"paths":{}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := run(dir, "npm", "exec", "--", "redocly", "lint", "--config", "redocly.yaml", "broken.json"); err == nil {
		t.Errorf("a document without a version passes:\n%s", out)
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// TestTypeScript generates a client from the document of the quickstart,
// compiles a program that uses it, and runs that against the service.
func TestTypeScript(t *testing.T) {
	dir := npm(t)
	url := quickstart(t)
	document, err := filepath.Abs(filepath.Join("..", "..", "examples", "quickstart", documents.File("3.1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"npm", "exec", "--", "openapi-typescript", document, "-o", "quickstart.d.ts"},
		{"npm", "exec", "--", "tsc", "--project", "tsconfig.json"},
		{"node", filepath.Join("out", "client.js"), url},
	} {
		out, err := run(dir, args[0], args[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		if args[0] == "node" && !strings.Contains(out, "round trip done") {
			t.Errorf("the client says:\n%s", out)
		}
	}
	// A program that takes the document for another one must not compile.
	wrong := filepath.Join(dir, "wrong.ts")
	text := "import type { paths } from \"./quickstart.js\";\nexport const p: keyof paths = \"/api/no/such/path\";\n"
	if err := os.WriteFile(wrong, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := run(dir, "npm", "exec", "--", "tsc", "--project", "tsconfig.json"); err == nil {
		t.Errorf("a path that does not exist compiles:\n%s", out)
	}
	if err := os.Remove(wrong); err != nil {
		t.Fatal(err)
	}
}
