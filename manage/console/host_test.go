package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/browser"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/script"
)

// prefix is where the hosts of the tests serve, so that nothing works at the
// root alone.
const prefix = "/service"

// tokens are of two people of one account, and one of another.
var tokens = map[string]string{"token-of-ada": "ada", "token-of-bob": "bob", "token-of-eve": "eve"}

// A host is a service with managed endpoints and their console.
type host struct {
	t       *testing.T
	scripts string // the directory
	handler http.Handler
	server  *httptest.Server
	page    string // the address of the console
	revoked sync.Map
}

// newHost starts a service. Its Go function is named clock.
func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, scripts: t.TempDir()}
	root, err := os.OpenRoot(h.scripts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	m, err := manage.Open(t.Context(), manage.Options{
		Scripts: root,
		Engine:  script.InProcess(script.Limits{}),
		Authenticators: []endpoint.Authenticator{endpoint.BearerAuth(func(_ context.Context, token string) (*endpoint.User, error) {
			_, revoked := h.revoked.Load(token)
			if name, ok := tokens[token]; ok && !revoked {
				return &endpoint.User{ID: name}, nil
			}
			return nil, endpoint.ErrCredentials
		})},
		Account: func(u *endpoint.User) string {
			if u.ID == "eve" {
				return "umbrella"
			}
			return "acme"
		},
		Handlers: map[string]any{"clock": func() string { return "noon" }},
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	api := endpoint.New(endpoint.Prefix(prefix), endpoint.Logger(slog.New(slog.DiscardHandler)))
	api.Add(m)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	h.handler = api
	h.server = httptest.NewServer(api)
	t.Cleanup(func() { h.server.Close() })
	h.page = h.server.URL + prefix + "/console/"
	return h
}

// away closes the server, and back starts one at its address.
func (h *host) away() {
	h.server.CloseClientConnections()
	h.server.Close()
}

func (h *host) back() {
	h.t.Helper()
	listener, err := net.Listen("tcp", h.server.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: h.handler}}
	h.server.Start()
}

// revoke ends a token.
func (h *host) revoke(token string) { h.revoked.Store(token, true) }

// save writes a script.
func (h *host) save(file, text string) {
	h.t.Helper()
	file = filepath.Join(h.scripts, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// saved returns the text of a script.
func (h *host) saved(file string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.scripts, file))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// ask calls the API as Ada does, or as another one with a token, and returns
// status and body.
func (h *host) ask(method, path string, body any, token ...string) (int, string) {
	h.t.Helper()
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			h.t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+prefix+"/api/v1/http-endpoint/"+path, &sent)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+strings.Join(append(token, "token-of-ada")[:1], ""))
	response, err := h.server.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// create makes an endpoint whose path is its id.
func (h *host) create(id, handler string) {
	h.t.Helper()
	status, answer := h.ask("PUT", id, map[string]any{"path": id, "handler_script_path": handler})
	if status != http.StatusCreated {
		h.t.Fatalf("create %s: %d %s", id, status, answer)
	}
}

// signIn opens the console in a tab and signs in.
func (h *host) signIn(w *browser.Window, token string) *browser.Page {
	h.t.Helper()
	p := w.Open(h.page)
	p.Write("#field-token", token)
	p.Press("Enter")
	p.WaitText("h1", "Endpoints")
	return p
}

// open shows a view of the console, such as "endpoints/hello".
func (h *host) open(p *browser.Page, view string) {
	h.t.Helper()
	p.Run("location.hash = '#/" + view + "'")
}

// code is the content of the editor, which lives in a shadow root.
const code = "document.querySelector('.part > .editing > .editor').shadowRoot.querySelector('.cm-content')"

// healthy fails if a page complained of anything but answers that are no
// success, which browsers note as failed loads, or asked another host.
func (h *host) healthy(p *browser.Page) {
	h.t.Helper()
	for _, m := range p.Complaints() {
		if !strings.HasPrefix(m.Text, "network: ") {
			h.t.Errorf("the page complains: %s %s", m.Kind, m.Text)
		}
	}
	for _, address := range p.Requests() {
		if !strings.HasPrefix(address, h.server.URL+prefix+"/") {
			h.t.Errorf("the page asked for %s", address)
		}
		if strings.Contains(address, "token-of") {
			h.t.Errorf("a token is in %s", address)
		}
	}
}
