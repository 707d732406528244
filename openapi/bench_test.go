package openapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// A thing is what the endpoints of a large API are about.
type thing struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name" validate:"required,min=2,max=40"`
	Tags  []string `json:"tags"`
	Inner *thing   `json:"inner,omitzero"`
}

// largeAPI has n endpoints: half of them read a body.
func largeAPI(n int) *endpoint.API {
	api := endpoint.New()
	for i := range n / 2 {
		api.Get(fmt.Sprintf("group%d/things%d/:id", i%100, i), func(in struct {
			ID   int64 `path:"id" validate:"min=1"`
			Full bool  `query:"full"`
		}) (thing, error) {
			return thing{ID: in.ID}, nil
		}, endpoint.Name(fmt.Sprintf("get%d", i)))
		api.Post(fmt.Sprintf("group%d/things%d", i%100, i), func(t thing) (thing, error) { return t, nil }, endpoint.Name(fmt.Sprintf("post%d", i)))
	}
	return api
}

// TestDocument10000 checks that a large document is made in seconds at most: a
// mistake in its order would take minutes.
func TestDocument10000(t *testing.T) {
	api := largeAPI(10_000)
	start := time.Now()
	doc, err := openapi.Document(api, openapi.Info{Title: "Large", Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("a document of 10,000 endpoints took %v", took)
	}
	if len(doc) < 1<<20 {
		t.Errorf("it has %d bytes", len(doc))
	}
}

// BenchmarkDocument10000 makes the document of an API that is compiled already.
func BenchmarkDocument10000(b *testing.B) {
	api := largeAPI(10_000)
	if err := api.Compile(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h := openapi.Handler(api, openapi.Info{Title: "Large", Version: "1"})
		r := httptest.NewRequest("GET", "/openapi.json", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		b.ReportMetric(float64(w.Body.Len()), "bytes")
	}
}

// BenchmarkUnchanged asks for a document that the client has, of 10,000 endpoints.
func BenchmarkUnchanged(b *testing.B) {
	h := openapi.Handler(largeAPI(10_000), openapi.Info{Title: "Large", Version: "1"})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/openapi.json", nil)
	h.ServeHTTP(w, r)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNotModified {
			b.Fatal(w.Code)
		}
	}
}
