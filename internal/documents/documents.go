// Package documents keeps the OpenAPI documents of the examples as files, in
// every version, so that a change of one is seen in review and other modules
// can read them.
package documents

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// Versions returns the versions of OpenAPI that a document is made in.
func Versions() []string { return []string{"3.0", "3.1", "3.2"} }

// File is the name of the file that holds a document, below the directory of
// the package that it belongs to.
func File(version string) string {
	return filepath.Join("testdata", "openapi-"+version+".json")
}

// Check compares the documents of an API with their files. With update it
// writes the files instead.
func Check(t *testing.T, api *endpoint.API, info openapi.Info, update bool) {
	t.Helper()
	for _, version := range Versions() {
		info.OpenAPI = version
		document, err := openapi.Document(api, info)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, document, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		file := File(version)
		if update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; run go test . -update in this directory", err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s differs (-file +now); read it, then run go test . -update in this directory:\n%s", file, diff)
		}
	}
}
