package manage_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/manage"
)

// openNative serves Go handlers alone.
func openNative(t testing.TB) *service {
	return open(t, func(o *manage.Options) {
		o.Scripts, o.Engine = nil, nil
		o.Handlers = map[string]any{"hello": func() string { return "x" }}
	})
}

var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Whatever the body is, it is refused as a problem, or makes an endpoint that
// could be made.
func FuzzChange(f *testing.F) {
	for _, seed := range []string{
		`{"path":"p","handler_script_path":"hello"}`, `{"id":"x","path":"p","handler_script_path":"hello","enabled":false}`,
		`{"path":null}`, `{"path":"p","path":"q"}`, `{"enabled":1}`, `{"owner":"B"}`, `[]`, `null`, ``, `{"~/":1}`, "\xff", `{"path":"\u0000"}`,
	} {
		f.Add(seed)
	}
	s := openNative(f)
	f.Fuzz(func(t *testing.T, body string) {
		for _, method := range []string{"PUT", "PATCH", "PATCH"} {
			w := s.do("A", method, "x", body)
			if !json.Valid(w.Body.Bytes()) || !utf8.Valid(w.Body.Bytes()) || w.Body.Len() > 20<<10 {
				t.Fatalf("%s answers %q", method, w.Body)
			}
			switch w.Code {
			case 200, 201, 400, 404, 413:
			default:
				t.Fatalf("%s answers %d: %s", method, w.Code, w.Body)
			}
		}
		w := s.do("A", "GET", "x", "")
		if w.Code == 200 {
			v := decode[struct {
				ID, Path, State string
				Handler         string `json:"handler_script_path"`
			}](t, w)
			if v.ID != "x" || !names.MatchString(v.Path) || v.Handler != "hello" || v.State != "ENABLED" && v.State != "DISABLED" {
				t.Fatalf("there is %+v", v)
			}
			if w := s.do("A", "DELETE", "x", ""); w.Code != 200 {
				t.Fatalf("DELETE answers %d: %s", w.Code, w.Body)
			}
		}
	})
}

// Whatever the filters are, the list is refused or has endpoints of the account
// alone.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		"", "id=a", "path=p&handler=hello", "handler_script_path=%2Fx", "state=DISABLED", "enabled=True", "offset=1&limit=1", "limit=-1",
		"id=%zz", "a;b", "id=a&id=b", "detail=true", "%00=1", "offset=9223372036854775807",
	} {
		f.Add(seed)
	}
	s := openNative(f)
	for _, account := range []string{"A", "B"} {
		s.want(201, account, "PUT", "a"+account, `{"path":"p","handler_script_path":"hello"}`)
		s.want(201, account, "PUT", "b"+account, `{"path":"q","handler_script_path":"hello","enabled":false}`)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, root+"list", nil)
		r.Header.Set("Authorization", "Bearer tokA")
		r.URL = &url.URL{Path: r.URL.Path, RawQuery: query}
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("status %d: %q", w.Code, w.Body)
		}
		if w.Code == 200 && (strings.Contains(w.Body.String(), `"aB"`) || strings.Contains(w.Body.String(), `"bB"`)) &&
			!strings.Contains(query, "B") {
			t.Fatalf("endpoints of another account: %s", w.Body)
		}
	})
}

// Whatever a handler answers, nothing of another type than the allowed ones is
// sent, and no field that is not the handler's to set.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "text/plain", "x", "X-A", "1")
	f.Add(200, "text/html", "", "Set-Cookie", "a=b")
	f.Add(204, "", "", "Location", "/")
	f.Add(304, "application/json; charset=\"utf-8\"", "{}", "x-accel-redirect", "/")
	f.Add(99, "text/plain; charset=utf-8; x=y", "x", "a b", "\r\n")
	var kind, body, name, value string
	var status int
	s := open(f, func(o *manage.Options) {
		o.Scripts, o.Engine = nil, nil
		o.Handlers = map[string]any{"it": func(w http.ResponseWriter) error {
			w.Header()["Content-Type"] = []string{kind}
			w.Header()[name] = append(w.Header()[name], value)
			if status < 100 || status > 999 {
				return endpoint.Errorf(http.StatusTeapot, "this status makes no answer")
			}
			w.WriteHeader(status)
			_, err := w.Write([]byte(body))
			return err
		}}
	})
	s.want(201, "A", "PUT", "x", `{"path":"p","handler_script_path":"it"}`)
	f.Fuzz(func(t *testing.T, code int, k, b, n, v string) {
		status, kind, body, name, value = code, k, b, n, v
		w := s.do("A", "GET", "u/p", "")
		got := w.Header().Get("Content-Type")
		media, _, _ := strings.Cut(strings.ToLower(got), ";")
		if media = strings.TrimSpace(media); w.Body.Len() > 0 && media != "text/plain" && media != "application/json" {
			t.Fatalf("content type %q with a body", got)
		}
		for name, values := range w.Header() {
			switch name {
			case "Set-Cookie", "Location", "Connection", "Transfer-Encoding", "Content-Encoding", "Clear-Site-Data", "Refresh":
				t.Fatalf("field %s: %q", name, values)
			}
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
				t.Fatalf("field %q: %q", name, values)
			}
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Fatal("not nosniff")
		}
	})
}
