package endpoint_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// restNotes has every method of a resource, in forms that handlers may have.
type restNotes struct{ prefix string }

type restNote struct {
	Text string `json:"text" validate:"required"`
}

func (n *restNotes) Index() []string { return []string{n.prefix} }

func (n *restNotes) Create(in restNote) *endpoint.Response {
	return endpoint.Respond(201, n.prefix+in.Text)
}

func (n *restNotes) Get(in struct {
	ID int `path:"id"`
},
) (int, error) {
	if in.ID == 0 {
		return 0, endpoint.Errorf(404, "no note")
	}
	return in.ID, nil
}

func (n *restNotes) Update(id string, in restNote) string { return n.prefix + id + in.Text }

func (n *restNotes) Delete(r *endpoint.Request) error { return nil }

// Other is no method of a resource.
func (n *restNotes) Other() {}

// restReader can only be read.
type restReader struct{}

// Get returns the id.
func (restReader) Get(user, id string) string { return user + "/" + id }

func TestResource(t *testing.T) {
	api := endpoint.New(seedQuiet())
	notes := endpoint.Resource("notes", &restNotes{"n:"}, endpoint.Tags("notes"))
	api.Add(notes, notes)
	api.Add(endpoint.Resource("users/:user/notes/", restReader{}))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		reason, method, target, body string
		status                       int
		want                         string
	}{
		{"Index", "GET", "/notes", "", 200, `["n:"]`},
		{"Create", "POST", "/notes", `{"text":"a"}`, 201, "n:a"},
		{"Create validates", "POST", "/notes", `{}`, 422, ""},
		{"Get", "GET", "/notes/7", "", 200, "7"},
		{"Get fails", "GET", "/notes/0", "", 404, ""},
		{"Get binds", "GET", "/notes/x", "", 422, ""},
		{"Update", "PUT", "/notes/7", `{"text":"a"}`, 200, "n:7a"},
		{"Delete", "DELETE", "/notes/7", "", 204, ""},
		{"PUT of the list", "PUT", "/notes", "", 405, ""},
		{"POST of an item", "POST", "/notes/7", "", 405, ""},
		{"paths are exact", "GET", "/notes/", "", 404, ""},
		{"below an item", "GET", "/notes/7/x", "", 404, ""},
		{"a path with a parameter", "GET", "/users/u/notes/7", "", 200, "u/7"},
		{"what it has not", "PUT", "/users/u/notes/7", "", 405, ""},
		{"no Index", "GET", "/users/u/notes", "", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			if w.Code != tt.status || tt.want != "" && w.Body.String() != tt.want {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, tt.status, tt.want)
			}
		})
	}
}

// Names are those of the methods, and places those of their sources.
func TestResourceDescribed(t *testing.T) {
	for _, opts := range [][]endpoint.Option{nil, {endpoint.Skygear()}} {
		api := endpoint.New(opts...)
		api.Add(endpoint.Resource("notes", &restNotes{}, endpoint.Tags("notes")))
		list, err := api.Operations()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, op := range list {
			got = append(got, op.Methods[0]+" "+op.Path+" "+op.Function+" "+op.Name+" "+strings.Join(op.Tags, ","))
			if !strings.HasPrefix(op.Place, "main/resource_rest_test.go:") && !strings.Contains(op.Place, "resource_rest_test.go:") {
				t.Errorf("%s is registered at %s", op.Function, op.Place)
			}
		}
		want := []string{
			"GET /notes restNotes.Index restNotes_Index notes",
			"POST /notes restNotes.Create restNotes_Create notes",
			"GET /notes/:id restNotes.Get restNotes_Get notes",
			"PUT /notes/:id restNotes.Update restNotes_Update notes",
			"DELETE /notes/:id restNotes.Delete restNotes_Delete notes",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("operations (-want +got):\n%s", d)
		}
		if err := api.Explain(io.Discard); err != nil {
			t.Error(err)
		}
	}
}

// restWrong has one right and one wrong method.
type restWrong struct{}

// Index is right.
func (restWrong) Index() string { return "" }

// Get takes no id.
func (restWrong) Get() string { return "" }

func TestResourceFault(t *testing.T) {
	api := endpoint.New()
	api.Add(endpoint.Resource("notes", restWrong{}))
	err := api.Compile()
	if err == nil {
		t.Fatal("it compiles")
	}
	for _, want := range []string{"GET /notes/:id: restWrong.Get (", "resource_rest_test.go:", "is bound by nothing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: lacks %q", err, want)
		}
	}
}
