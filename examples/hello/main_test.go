package main

import (
	"net/http/httptest"
	"testing"
)

// A handler is tested by calling it ...
func TestHello(t *testing.T) {
	got, err := hello(t.Context(), Hello{Name: "Ada", Times: 2})
	if err != nil || len(got.Lines) != 2 {
		t.Errorf("got %v, %v; want two lines", got, err)
	}
}

// ... and the service as any http.Handler is.
func TestService(t *testing.T) {
	mux, err := service()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/api/hello/Ada?times=9", nil))
	if w.Code != 422 {
		t.Errorf("status %d, want 422: %s", w.Code, w.Body)
	}
}
