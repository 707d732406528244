package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/documents"
)

// oapiCodegen is the program that generates Go clients.
const oapiCodegen = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"

// clientModule is what the generated client and the program around it need.
const clientModule = `module client

go 1.26.0

require github.com/oapi-codegen/runtime v1.8.0
`

// TestGo generates a client from the document of the quickstart, compiles the
// program in testdata that uses it, and runs that against the service.
func TestGo(t *testing.T) {
	url := quickstart(t)
	document, err := filepath.Abs(filepath.Join("..", "..", "examples", "quickstart", documents.File("3.0")))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join("testdata", "client.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": clientModule, "main.go": string(program)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	for _, args := range [][]string{
		{"go", "run", oapiCodegen, "-generate", "types,client", "-package", "main", "-o", "client.go", document},
		{"go", "mod", "tidy"},
		{"go", "vet", "."},
		{"go", "run", ".", url},
	} {
		out, err := run(dir, args[0], args[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		if args[1] == "run" && args[2] == "." && !strings.Contains(out, "round trip done") {
			t.Errorf("the client says:\n%s", out)
		}
	}
}
