package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi/datamodel"
	"go.yaml.in/yaml/v3"

	"github.com/seed217079a1/endpoint/internal/documents"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/openapi"
)

// A document is one that the library made.
type document struct {
	name string // such as quickstart-3.1
	json []byte
}

// examples are the programs whose documents are kept in their testdata.
var examples = []string{"counter", "hello", "quickstart", "todo"}

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
		Tags: []openapi.Tag{
			{Name: "access", Description: "Who may call."}, {Name: "bodies", Description: "What is sent."},
			{Name: "parameters", Description: "Values of a request."}, {Name: "paths", Description: "Where endpoints are."},
			{Name: "results", Description: "What is answered."},
		},
	}
}

// TestKin validates with kin-openapi.
func TestKin(t *testing.T) {
	for _, d := range all(t) {
		t.Run(d.name, func(t *testing.T) {
			loader := openapi3.NewLoader()
			doc, err := loader.LoadFromData(d.json)
			if err != nil {
				t.Fatal(err)
			}
			if err := doc.Validate(loader.Context); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLibopenapi validates with libopenapi and its validator, against the
// schema of the version.
func TestLibopenapi(t *testing.T) {
	for _, d := range all(t) {
		t.Run(d.name, func(t *testing.T) {
			// A list of the same type ends where a list is empty.
			doc, err := libopenapi.NewDocumentWithConfiguration(d.json, &datamodel.DocumentConfiguration{IgnoreArrayCircularReferences: true})
			if err != nil {
				t.Fatal(err)
			}
			v, errs := validator.NewValidator(doc)
			for _, err := range errs {
				t.Error(err)
			}
			if v == nil {
				return
			}
			defer v.Release()
			valid, faults := v.ValidateDocument()
			for _, f := range faults {
				t.Errorf("%s: %s", f.Message, f.Reason)
				for _, s := range f.SchemaValidationErrors {
					t.Errorf("  %s: %s", s.FieldPath, s.Reason)
				}
			}
			if !valid && len(faults) == 0 {
				t.Error("it is not valid, and nothing says why")
			}
		})
	}
}

// TestBroken shows that the validators would see a fault.
func TestBroken(t *testing.T) {
	for _, d := range all(t) {
		broken := strings.Replace(string(d.json), `"responses"`, `"answers"`, 1)
		if broken == string(d.json) {
			t.Fatalf("%s has no responses", d.name)
		}
		loader := openapi3.NewLoader()
		if doc, err := loader.LoadFromData([]byte(broken)); err == nil && doc.Validate(loader.Context) == nil {
			t.Errorf("%s: kin-openapi passes what has no responses", d.name)
		}
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
