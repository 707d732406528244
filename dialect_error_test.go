package endpoint_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// Errors of handlers have names and numbers by their status, in Skygear.
func TestDialectSkygearNames(t *testing.T) {
	tests := []struct {
		status int
		want   string
	}{
		{400, `"name":"BadRequest","code":107,"message":"Bad Request"`},
		{401, `"name":"NotAuthenticated","code":101,"message":"Unauthorized"`},
		{403, `"name":"PermissionDenied","code":102,"message":"Forbidden"`},
		{404, `"name":"ResourceNotFound","code":110,"message":"Not Found"`},
		{409, `"name":"Duplicated","code":109,"message":"Conflict"`},
		{418, `"name":"BadRequest","code":107,"message":"I'm a teapot"`},
		{422, `"name":"InvalidArgument","code":108,"message":"Unprocessable Entity"`},
		{500, `"name":"UnexpectedError","code":10000,"message":"Internal Server Error"`},
		{501, `"name":"NotImplemented","code":112,"message":"Not Implemented"`},
		{503, `"name":"ResponseTimeout","code":122,"message":"Service Unavailable"`},
		{504, `"name":"PluginTimeout","code":119,"message":"Gateway Timeout"`},
	}
	api := endpoint.New(endpoint.Skygear(), seedQuiet())
	api.Get("fail/:status", func(status int) error { return &endpoint.Error{Status: status} })
	api.Get("own", func() error { return &endpoint.Error{Status: 409, Type: "OutOfStock", Detail: "none left"} })
	for _, tt := range tests {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/fail/%d", tt.status), nil))
		if want := `{"error":{` + tt.want + `}}`; w.Code != tt.status || w.Body.String() != want {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, tt.status, want)
		}
	}
	c := dialectCase{method: "GET", target: "/own", status: 409, want: `{"error":{"name":"OutOfStock","code":10000,"message":"none left"}}`}
	c.play(t, api)
	c = dialectCase{method: "POST", target: "/nowhere", body: strings.Repeat("x", 2<<20), status: 413}
	c.play(t, api)
}

// Faults of inputs say where they are, in Dara, and stay small.
func TestDialectDaraFaults(t *testing.T) {
	type item struct {
		Name string `json:"na/me" validate:"required"`
	}
	api := endpoint.New(endpoint.Dara(), endpoint.Public())
	api.Post("items", func(list []item) int { return len(list) })
	one := `{"detail":[{"type":"missing","loc":["body",0,"na/me"],"msg":"Field required"}]}`
	json := map[string]string{"Content-Type": "application/json"}
	c := dialectCase{method: "POST", target: "/api/items", fields: json, body: `[{}]`, status: 422, want: one}
	c.play(t, api)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/api/items", strings.NewReader("["+strings.Repeat("{},", 10_000)+"{}]"))
	r.Header.Set("Content-Type", "application/json")
	api.ServeHTTP(w, r)
	if w.Code != 422 || w.Body.Len() > 16<<10 {
		t.Errorf("status %d, %d bytes: an answer must not grow with the request", w.Code, w.Body.Len())
	}
}
