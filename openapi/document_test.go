package openapi_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/openapi"
)

// update makes the tests that compare with files of testdata rewrite them.
var update = flag.Bool("update", false, "rewrite the files of testdata that tests compare with")

// everythingInfo describes the API that uses every form.
func everythingInfo(version string) openapi.Info {
	return openapi.Info{
		Title: "Everything", Version: "1.2.3", Summary: "All forms", Description: "What there is.",
		TermsOfService: "https://example.com/terms",
		Contact:        openapi.Contact{Name: "Ada", URL: "https://example.com", Email: "ada@example.com"},
		License:        openapi.License{Name: "MIT", URL: "https://example.com/license"},
		Servers:        []string{"https://example.com"},
		OpenAPI:        version,
		Tags:           []openapi.Tag{{Name: "results", Description: "What handlers return."}},
		Unions: []openapi.Union{{
			Type:     reflect.TypeFor[everything.Shape](),
			Property: "kind",
			Variants: map[string]reflect.Type{
				"circle": reflect.TypeFor[everything.Circle](),
				"square": reflect.TypeFor[everything.Square](),
			},
		}},
	}
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./openapi -update", err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s differs (-file +code); if that is meant, run go test ./openapi -update:\n%s", path, d)
	}
}

// TestEverything compares the documents of an API with every form with files
// that are read in review.
func TestEverything(t *testing.T) {
	for _, version := range []string{"3.0", "3.1", "3.2"} {
		got, err := openapi.Document(everything.API(), everythingInfo(version))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "everything-"+version+".json", string(got))
	}
}
