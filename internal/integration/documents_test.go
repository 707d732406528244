package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/seed217079a1/endpoint/internal/documents"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/openapi"
	"go.yaml.in/yaml/v3"
)

// A document is one that the library made.
type document struct {
	name string // such as quickstart-3.1
	json []byte
}

// examples are the programs whose documents are kept in their testdata.
var examples = []string{"counter", "hello", "login", "quickstart", "todo"}

// all returns the documents of the examples and of the API that has every form
// of parameter and result, in every version.
func all(t *testing.T) []document {
	t.Helper()
	var list []document
	for _, name := range examples {
		for _, version := range documents.Versions() {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", name, documents.File(version)))
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, document{name + "-" + version, text})
		}
	}
	for _, version := range documents.Versions() {
		text, err := openapi.Document(everything.API(), everythingInfo(version))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, document{"everything-" + version, text})
	}
	return list
}

func everythingInfo(version string) openapi.Info {
	return openapi.Info{
		Title: "Everything", Version: "1.0.0", OpenAPI: version,
		// Redocly wants to know of each.
		Tags: []openapi.Tag{
			{Name: "parameters", Description: "What requests carry beside their bodies."},
			{Name: "bodies", Description: "What requests carry in their bodies."},
			{Name: "results", Description: "What handlers return."},
			{Name: "paths", Description: "How paths are written."},
			{Name: "access", Description: "Who may ask."},
		},
	}
}

// TestValid asks two validators that know all three versions.
func TestValid(t *testing.T) {
	for _, d := range all(t) {
		t.Run(d.name, func(t *testing.T) {
			for _, fault := range slices.Concat(kin(d.json), pb33f(d.json)) {
				t.Error(fault)
			}
		})
	}
}

// TestBroken shows that each of the validators sees faults, in every version.
func TestBroken(t *testing.T) {
	for _, version := range documents.Versions() {
		whole, err := openapi.Document(everything.API(), everythingInfo(version))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ reason, old, new string }{
			{"responses have no description", `"description": "OK"`, `"about": "OK"`},
			{"a parameter is nowhere", `"in": "query"`, `"in": "air"`},
			{"a reference leads nowhere", `"#/components/schemas/Problem"`, `"#/components/schemas/Nothing"`},
		} {
			broken := bytes.ReplaceAll(whole, []byte(c.old), []byte(c.new))
			if bytes.Equal(broken, whole) {
				t.Fatalf("%s: %s: there is no %s", version, c.reason, c.old)
			}
			if len(kin(broken)) == 0 {
				t.Errorf("%s: kin-openapi passes a document where %s", version, c.reason)
			}
			if len(pb33f(broken)) == 0 {
				t.Errorf("%s: libopenapi passes a document where %s", version, c.reason)
			}
		}
	}
}

// kin validates with kin-openapi.
func kin(text []byte) []error {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err == nil {
		err = doc.Validate(loader.Context)
	}
	if err != nil {
		return []error{fmt.Errorf("kin-openapi: %w", err)}
	}
	return nil
}

// pb33f validates with libopenapi, against the schema of the version.
func pb33f(text []byte) (errs []error) {
	doc, err := libopenapi.NewDocumentWithConfiguration(text, &datamodel.DocumentConfiguration{
		// A required list of nodes in a node is no endless tree: it may be empty.
		IgnoreArrayCircularReferences: true,
		Logger:                        slog.New(slog.DiscardHandler), // what it says is in the errors too
	})
	if err != nil {
		return []error{fmt.Errorf("libopenapi: %w", err)}
	}
	v, faults := validator.NewValidator(doc)
	for _, err := range faults {
		errs = append(errs, fmt.Errorf("libopenapi: %w", err))
	}
	if v == nil {
		return errs
	}
	defer v.Release()
	valid, found := v.ValidateDocument()
	for _, f := range found {
		errs = append(errs, fmt.Errorf("libopenapi: %s: %s", f.Message, f.Reason))
		for _, s := range f.SchemaValidationErrors {
			errs = append(errs, fmt.Errorf("libopenapi:   %s: %s", s.FieldPath, s.Reason))
		}
	}
	if !valid && len(errs) == 0 {
		errs = append(errs, errors.New("libopenapi: it is not valid, and nothing says why"))
	}
	return errs
}

// TestServed compares the document of the running quickstart with the file that
// clients are generated from.
func TestServed(t *testing.T) {
	answer, err := http.Get(quickstart(t) + "/api/docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var served, kept any
	if err := json.NewDecoder(answer.Body).Decode(&served); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "quickstart", documents.File("3.1")))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kept, served); diff != "" {
		t.Errorf("the program serves another document (-file +served):\n%s", diff)
	}
}

// TestYAML reads the YAML form with a library, and compares it with the JSON.
func TestYAML(t *testing.T) {
	for _, version := range documents.Versions() {
		h := openapi.Handler(everything.API(), everythingInfo(version))
		var fromJSON, fromYAML any
		if err := json.Unmarshal(get(t, h, "/openapi.json"), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(get(t, h, "/openapi.yaml"), &fromYAML); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(fromJSON), plain(fromYAML)); diff != "" {
			t.Errorf("%s: the two differ (-JSON +YAML):\n%s", version, diff)
		}
	}
}

// plain makes numbers of one kind.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case int, int64, uint64, float64:
		var f float64
		if _, err := fmt.Sscan(fmt.Sprint(v), &f); err == nil {
			return f
		}
	}
	return v
}
