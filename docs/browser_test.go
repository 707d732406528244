package docs_test

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/docs"
	"github.com/seed217079a1/endpoint/internal/browser"
	"github.com/seed217079a1/endpoint/openapi"
)

var update = flag.Bool("update", false, "take the screenshot of the documentation again")

// screenshotFile is the picture in the documentation.
const screenshotFile = "page.png"

type note struct {
	ID   int64  `json:"id"`
	Text string `json:"text" validate:"required,max=200"`
}

type newNote struct {
	Text string `json:"text" validate:"required,max=200"`
}

type findNotes struct {
	Text  string `query:"text"`
	Limit int    `query:"limit" default:"20" validate:"min=1,max=100"`
}

// newAPI is what the page shows: notes, behind a bearer token.
func newAPI(t *testing.T, opts ...endpoint.Option) *endpoint.API {
	t.Helper()
	bearer := endpoint.Auth(endpoint.BearerAuth(func(_ context.Context, token string) (*endpoint.User, error) {
		if token != "secret-token" {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: "ada"}, nil
	}))
	api := endpoint.New(opts...)
	notes := api.Group("notes", bearer, endpoint.UserRequired(), endpoint.Tags("notes"))
	notes.Get("", func(_ context.Context, _ findNotes) ([]note, error) {
		return []note{{ID: 1, Text: "write down how the engine weaves numbers"}}, nil
	}, endpoint.Name("findNotes"), endpoint.Summary("Find notes"))
	notes.Post("", func(_ context.Context, in newNote) (note, error) { return note{2, in.Text}, nil },
		endpoint.Name("addNote"), endpoint.Summary("Add a note"), endpoint.Status(http.StatusCreated))
	notes.Get(":id", func(_ context.Context, id int64, user *endpoint.User) (note, error) {
		return note{id, "of " + user.ID}, nil
	}, endpoint.Name("getNote"), endpoint.Summary("Get a note"))
	notes.Delete(":id", func(context.Context, int64) error { return nil },
		endpoint.Name("removeNote"), endpoint.Summary("Remove a note"), endpoint.Deprecated())
	api.Get("health", func() string { return "ok" }, endpoint.Name("health"), endpoint.Tags("service"),
		endpoint.Summary("Whether the service is well"))
	api.Get("picture", picture, endpoint.Name("picture"), endpoint.Tags("service"), endpoint.Summary("A picture"))
	return api
}

// A mount is one way to have the page in a service.
type mount struct {
	name  string
	path  string // of the page
	serve func(t *testing.T) http.Handler
	basic *browser.Credential // what the browser is asked for
}

// mounts returns the page in a mux, stripped, and as an endpoint.
func mounts() []mount {
	info := openapi.Info{Title: "Notes", Version: "1.0.0", Description: "Notes of Ada."}
	return []mount{
		{name: "mux", path: "/service/docs/", serve: func(t *testing.T) http.Handler {
			api := newAPI(t, endpoint.Prefix("/service"))
			mux := http.NewServeMux()
			mux.Handle("/service/docs/", docs.Handler("openapi.json"))
			mux.Handle("/service/docs/openapi.json", openapi.Handler(api, info))
			mux.Handle("/service/", api)
			return mux
		}},
		{name: "stripped", path: "/service/docs/", serve: func(t *testing.T) http.Handler {
			api := newAPI(t)
			info := info
			info.Servers = []string{"/service"}
			page, document := docs.Handler("../spec/openapi.json"), openapi.Handler(api, info)
			inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasPrefix(r.URL.Path, "/docs"): // as routers mount: the bare path too
					http.StripPrefix("/docs", page).ServeHTTP(w, r)
				case strings.HasPrefix(r.URL.Path, "/spec/"):
					http.StripPrefix("/spec", document).ServeHTTP(w, r)
				default:
					api.ServeHTTP(w, r)
				}
			})
			return http.StripPrefix("/service", inner)
		}},
		{name: "endpoint behind a user", path: "/service/docs/", serve: func(t *testing.T) http.Handler {
			api := newAPI(t, endpoint.Prefix("/service"))
			basic := endpoint.Auth(endpoint.BasicAuth("docs", func(_ context.Context, name, password string) (*endpoint.User, error) {
				if password != "open" {
					return nil, endpoint.ErrCredentials
				}
				return &endpoint.User{ID: name}, nil
			}))
			g := api.Group("docs", basic, endpoint.UserRequired(), endpoint.Hidden())
			g.Get("/", docs.Handler("openapi.json"))
			g.Get("openapi.json", openapi.Handler(api, info))
			if err := api.Compile(); err != nil {
				t.Fatal(err)
			}
			return api
		}, basic: &browser.Credential{Username: "ada", Password: "open"}},
	}
}

// TestBrowser uses the page in a real Chromium, which reaches loopback alone.
func TestBrowser(t *testing.T) {
	b := browser.Start(t)
	for _, m := range mounts() {
		t.Run(m.name, func(t *testing.T) {
			server := httptest.NewServer(m.serve(t))
			t.Cleanup(server.Close)
			p := b.Window(t).Page()
			p.Size(1200, 900)
			if m.basic != nil {
				p.OnDialog(m.basic)
			}
			usePage(t, p, server.URL+m.path)
			checkQuiet(t, p, server.URL+"/service/")
		})
	}
	t.Run("use", func(t *testing.T) { testUse(t, b) })
	t.Run("other hosts", func(t *testing.T) { testOtherHosts(t, b) })
	t.Run("screenshot", func(t *testing.T) { testScreenshot(t, b) })
}

// usePage does with the page what a person does.
func usePage(t *testing.T, p *browser.Page, address string) {
	t.Helper()
	p.GoTo(strings.TrimSuffix(address, "/")) // leads to the page
	p.Wait("the slash", "location.pathname.endsWith('/docs/')")
	p.WaitText("#docs", "Find notes")
	p.Wait("the title", "document.title === 'Notes'")
	authorize(p)

	open(p, "notes-getNote")
	p.Click("#operations-notes-getNote .try-out__btn")
	p.Write("#operations-notes-getNote .parameters input", "42")
	execute(p, "notes-getNote", "200")
	p.WaitText("#operations-notes-getNote .live-responses-table", "of ada")
}

// authorize gives the page the token.
func authorize(p *browser.Page) {
	p.Click(".btn.authorize")
	p.Write(".auth-container input", "secret-token")
	p.Click(".auth-btn-wrapper .authorize")
	p.WaitText(".auth-container", "Authorized")
	p.Click(".auth-btn-wrapper .btn-done")
}

// open unfolds an operation.
func open(p *browser.Page, operation string) {
	p.Click("#operations-" + operation + " .opblock-summary-control")
}

// execute tries an operation out and waits for the status.
func execute(p *browser.Page, operation, status string) {
	p.Click("#operations-" + operation + " .execute")
	p.WaitText("#operations-"+operation+" .live-responses-table tbody .response-col_status", status)
}

// checkQuiet checks that the page neither complained nor asked for anything
// beyond the service.
func checkQuiet(t *testing.T, p *browser.Page, service string) {
	t.Helper()
	for _, m := range p.Complaints() {
		t.Errorf("the page complains: %s: %s", m.Kind, m.Text)
	}
	if len(p.Requests()) < 6 {
		t.Errorf("the page asked for %q alone", p.Requests())
	}
	for _, address := range p.Requests() {
		if !strings.HasPrefix(address, service) {
			t.Errorf("the page asked for %s", address)
		}
	}
}

// A look is a request as the service answered it.
type look struct {
	path   string
	status int
}

// watch keeps what a handler answers.
func watch(h http.Handler) (http.Handler, func() []look) {
	var mu sync.Mutex
	var looks []look
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := &statusWriter{w, http.StatusOK}
			h.ServeHTTP(s, r)
			mu.Lock()
			defer mu.Unlock()
			looks = append(looks, look{r.URL.Path, s.status})
		}), func() []look {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(looks)
		}
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// testUse does what the mounts leave out: it sends a body, shows a picture,
// follows an address into the page, comes again, and looks in the dark.
func testUse(t *testing.T, b *browser.Browser) {
	h, looks := watch(mounts()[0].serve(t))
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	address := server.URL + "/service/docs/"
	p := b.Window(t).Page()
	p.Size(1200, 900)
	p.GoTo(address + "#/notes/addNote")
	p.WaitText("#operations-notes-addNote", "Responses")
	authorize(p)
	p.Click("#operations-notes-addNote .try-out__btn")
	execute(p, "notes-addNote", "201")
	open(p, "service-picture")
	p.Click("#operations-service-picture .try-out__btn")
	execute(p, "service-picture", "200")
	p.Wait("the picture", "document.querySelector('#operations-service-picture .response-col_description img')?.naturalWidth === 3")

	before := len(looks())
	p.Run("location.reload()")
	p.Wait("the page again", "!document.querySelector('.btn.authorize.locked') && document.querySelector('#operations-notes-addNote')")
	again := looks()[before:]
	if !slices.Contains(again, look{"/service/docs/", http.StatusNotModified}) {
		t.Errorf("loaded again, the page was answered with %v, want 304", again)
	}
	p.Media("prefers-color-scheme", "dark")
	p.Wait("the dark", "getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor === 'rgb(28, 32, 34)'")
	checkQuiet(t, p, server.URL+"/service/")
}

// testOtherHosts shows a document that would have the page call another host.
func testOtherHosts(t *testing.T, b *browser.Browser) {
	other, looks := watch(http.NotFoundHandler())
	elsewhere := httptest.NewServer(other)
	t.Cleanup(elsewhere.Close)
	host := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)

	api := endpoint.New()
	api.Get("health", func() string { return "ok" }, endpoint.Name("health"), endpoint.Tags("service"), endpoint.Description(
		"</script><script src='"+host+"/script'></script><img src='"+host+"/picture' onerror='document.title = \"run\"'> "+
			"<style>@import '"+host+"/style';</style> ![a picture]("+host+"/markdown) <iframe src='"+host+"/frame'></iframe> *the end*"))
	mux := http.NewServeMux()
	mux.Handle("/docs/", docs.Handler("openapi.json"))
	mux.Handle("/docs/openapi.json", openapi.Handler(api, openapi.Info{Title: "Elsewhere", Version: "1", Servers: []string{host}}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p := b.Window(t).Page()
	p.Size(1200, 900)
	p.GoTo(server.URL + "/docs/?url=" + host + "/spec&configUrl=" + host + "/config#/service/health")
	p.WaitText("#operations-service-health", "the end")
	p.Click("#operations-service-health .try-out__btn")
	p.Click("#operations-service-health .execute")
	p.WaitText("#operations-service-health .live-responses-table", "Failed to fetch")
	if got := looks(); len(got) > 0 {
		t.Errorf("the other host was asked for %v", got)
	}
	refused := map[string]bool{}
	for _, m := range p.Complaints() {
		if m.Kind == "policy" {
			refused[strings.Fields(m.Text)[0]] = true
		}
	}
	if !refused["img-src"] || !refused["connect-src"] {
		t.Errorf("the policy refused %v: the document tried nothing", refused)
	}
	if got := p.Run("return document.title"); got != "Elsewhere" {
		t.Errorf("the title is %q: a script of the document ran", got)
	}
}

// testScreenshot takes the picture of the documentation, and compares its size
// with the one that is there: letters differ from machine to machine.
func testScreenshot(t *testing.T, b *browser.Browser) {
	server := httptest.NewServer(mounts()[0].serve(t))
	t.Cleanup(server.Close)
	p := b.Window(t).Page()
	p.Size(1100, 820)
	p.Media("prefers-color-scheme", "light")
	p.GoTo(server.URL + "/service/docs/")
	p.WaitText("#docs", "Find notes")
	open(p, "notes-getNote")
	p.Wait("the operation", "document.querySelector('#operations-notes-getNote .responses-table')")
	browser.KeepPicture(t, screenshotFile, p.Screenshot(), 250<<10, *update)
}

// picture returns a picture that is three pixels wide.
func picture() (endpoint.Media, error) {
	var b bytes.Buffer
	err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 1)))
	return endpoint.Media{ContentType: "image/png", Content: bytes.NewReader(b.Bytes())}, err
}
