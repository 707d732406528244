package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// Sentences of the documents whose cases no other test has.

// contractAPI returns an API that logs nowhere.
func contractAPI(opts ...endpoint.Option) *endpoint.API {
	return endpoint.New(append([]endpoint.Option{endpoint.Logger(slog.New(slog.DiscardHandler))}, opts...)...)
}

// contractAsk sends a request; cut tells that the connection would be cut. The
// header is given as names and values in turn.
func contractAsk(t *testing.T, h http.Handler, method, target, body string, header ...string) (w *httptest.ResponseRecorder, cut bool) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w = httptest.NewRecorder()
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			cut = true
		default:
			t.Errorf("%s %s panics: %v", method, target, v)
		}
	}()
	h.ServeHTTP(w, r)
	return w, false
}

func contractCompile(t *testing.T, api *endpoint.API) {
	t.Helper()
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
}

func TestContractNilResults(t *testing.T) {
	const none = http.StatusNoContent
	tests := []struct {
		name   string
		fn     any
		status int
		body   string
		reason string
	}{
		{"response", func() *endpoint.Response { return nil }, none, "", "nothing to answer with"},
		{"media", func() *endpoint.Media { return nil }, none, "", "likewise"},
		{"content", func() endpoint.Media { return endpoint.Media{} }, none, "", "media without content is none"},
		{"reader", func() io.Reader { return nil }, none, "", "an interface without a value, but of a reader"},
		{"closer", func() io.ReadCloser { return nil }, none, "", "what has more methods is a reader too"},
		{"buffer", func() *strings.Reader { return nil }, none, "", "a nil pointer that is a reader"},
		{"handler", func() http.Handler { return nil }, none, "", "an interface without a value, but of a handler"},
		{"function", func() http.HandlerFunc { return nil }, none, "", "a nil function that is a handler"},
		{"iterator", func() iter.Seq[int] { return nil }, none, "", "no stream"},
		{"events", func() iter.Seq2[endpoint.Event, error] { return nil }, none, "", "likewise"},
		{"any", func() any { return nil }, 200, "null", "what is no stream is JSON, also nil"},
		{"stringer", func() fmt.Stringer { return nil }, 200, "null", "likewise of any other interface"},
		{"pointer", func() *struct{ N int } { return nil }, 200, "null", "likewise"},
		{"map", func() map[string]int { return nil }, 200, "{}", "a map without members"},
		{"slice", func() []int { return nil }, 200, "[]", "a list without elements"},
		{"bytes", func() []byte { return nil }, 200, "", "bytes of length 0"},
	}
	api := contractAPI()
	for _, test := range tests {
		api.Get(test.name, test.fn)
	}
	contractCompile(t, api)
	for _, test := range tests {
		w, _ := contractAsk(t, api, "GET", "/"+test.name, "")
		if w.Code != test.status || w.Body.String() != test.body {
			t.Errorf("%s: %d %q, want %d %q: %s", test.name, w.Code, w.Body, test.status, test.body, test.reason)
		}
	}
}

// TestContractRoute tells what middleware sees of the route, at each place
// where it can stand, before and after what it wraps.
func TestContractRoute(t *testing.T) {
	var seen []string
	watch := func(place string) endpoint.Option {
		return endpoint.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				note := func(when string) {
					seen = append(seen, strings.TrimSpace(place+when+" "+r.Pattern+" "+r.PathValue("id")))
				}
				note("<")
				next.ServeHTTP(w, r)
				note(">")
			})
		})
	}
	api := contractAPI(watch("api"))
	group := api.Group("g", watch("group"))
	group.Get("request/:id", func(r *http.Request) string { return r.PathValue("id") }, watch("endpoint"))
	group.Get("position/:id", func(id string) string { return id }, watch("endpoint"))
	api.Get("input/:id", func(in struct {
		ID string `path:"id"`
	}) string {
		return in.ID
	})
	contractCompile(t, api)
	inner := func(route string) []string {
		return []string{"api<", "group< " + route, "endpoint< " + route, "endpoint> " + route, "group> " + route, "api> " + route}
	}
	tests := []struct {
		method, target string
		want           []string
		reason         string
	}{
		{"GET", "/g/request/7", inner("/g/request/:id 7"), "outermost first, and each sees the route"},
		{"GET", "/g/position/a%2Fb", inner("/g/position/:id a/b"), "a handler that never sees the request hides nothing"},
		{"GET", "/input/7", []string{"api<", "api> /input/:id 7"}, "likewise without middleware of its own"},
		{"GET", "/none", []string{"api<", "api>"}, "404 passes through that of the API"},
		{"PATCH", "/g/request/7", []string{"api<", "api>"}, "405 too, and through no other"},
	}
	for _, test := range tests {
		seen = nil
		contractAsk(t, api, test.method, test.target, "")
		if diff := cmp.Diff(test.want, seen); diff != "" {
			t.Errorf("%s %s: %s (-want +got)\n%s", test.method, test.target, test.reason, diff)
		}
	}
}

var errContract = errors.New("contract")

// contractTx is a dependency that notes how it was finished.
type contractTx struct{ asked string }

// TestContractFinish tells when dependencies are finished, and with which error.
func TestContractFinish(t *testing.T) {
	var notes []string
	api := contractAPI(endpoint.MapError(errContract, http.StatusConflict, ""))
	api.Provide(func(r *endpoint.Request) (*contractTx, func(error) error, error) {
		tx := &contractTx{r.URL.Query().Get("finish")}
		return tx, func(err error) error {
			told := fmt.Sprint(err)
			if strings.HasPrefix(told, "panic: ") {
				told = "panic"
			}
			notes = append(notes, "finish "+told)
			if tx.asked == "panic" {
				panic("finish")
			}
			if tx.asked == "fail" {
				return errContract
			}
			return nil
		}, nil
	})
	contractStreams(api, &notes)
	api.Get("value", func(*contractTx) string { notes = append(notes, "handler"); return "x" })
	api.Get("error", func(*contractTx) (string, error) { return "", errContract })
	api.Get("panic", func(*contractTx) string { panic("handler") })
	api.Get("input/:n", func(n int, _ *contractTx) string { return "x" })
	api.Get("guarded", func(*contractTx) string { return "x" }, endpoint.Depends(func(*contractTx) error { return errContract }))
	contractCompile(t, api)
	tests := []struct {
		target string
		status int
		cut    bool
		want   []string
		reason string
	}{
		{"/value", 200, false, []string{"handler", "finish <nil>"}, "after the handler"},
		{"/value?finish=fail", 409, false, []string{"handler", "finish <nil>"}, "before the answer, so that its error is one"},
		{"/value?finish=panic", 500, false, []string{"handler", "finish <nil>"}, "a panic of it is a 500"},
		{"/error", 409, false, []string{"finish contract"}, "it is given the error"},
		{"/error?finish=panic", 409, false, []string{"finish contract"}, "the handler's error is answered"},
		{"/panic", 500, false, []string{"finish panic"}, "also after a panic"},
		{"/input/x", 422, false, nil, "what no handler needs is not made"},
		{"/guarded", 409, false, []string{"finish contract"}, "an error of a guard is one too"},
		{"/stream", 200, false, []string{"element", "element", "finish <nil>"}, "after the stream"},
		{"/stream?finish=fail", 200, true, []string{"element", "element", "finish <nil>"}, "too late for another answer"},
		{"/stream/fails", 200, true, []string{"element", "finish contract"}, "half a stream is no success"},
		{"/stream/fails?finish=fail", 200, true, []string{"element", "finish contract"}, "likewise"},
		{"/stream/first", 409, false, []string{"finish contract"}, "before the first element it is an ordinary error"},
		{"/stream/reader", 200, true, []string{"finish result cannot be read: contract"}, "of a reader too"},
		{"/stream/value", 200, true, []string{"element", "finish element cannot be marshalled"}, "what cannot be sent was not sent"},
	}
	for _, test := range tests {
		notes = nil
		w, cut := contractAsk(t, api, "GET", test.target, "")
		if w.Code != test.status || cut != test.cut {
			t.Errorf("%s: status %d, cut %t, want %d, %t: %s", test.target, w.Code, cut, test.status, test.cut, test.reason)
		}
		for i, n := range notes {
			if strings.HasPrefix(n, "finish element cannot be marshalled: ") {
				notes[i] = "finish element cannot be marshalled"
			}
		}
		if diff := cmp.Diff(test.want, notes); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", test.target, test.reason, diff)
		}
	}
}

// contractStreams registers streams that need the dependency.
func contractStreams(api *endpoint.API, notes *[]string) {
	element := func() { *notes = append(*notes, "element") }
	api.Get("stream", func(*contractTx) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range 2 {
				element()
				if !yield(i) {
					return
				}
			}
		}
	})
	api.Get("stream/fails", func(*contractTx) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			element()
			_ = yield(0, nil) && yield(0, errContract)
		}
	})
	api.Get("stream/first", func(*contractTx) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, errContract) }
	})
	api.Get("stream/reader", func(*contractTx) io.Reader {
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, "half")
			w.CloseWithError(errContract)
		}()
		return r
	})
	api.Get("stream/value", func(*contractTx) iter.Seq[any] {
		return func(yield func(any) bool) {
			element()
			_ = yield(1) && yield(func() {})
		}
	})
}

type contractCode int

func (c contractCode) Error() string { return fmt.Sprint("code ", int(c)) }

// TestContractErrorOrder tells which of the rules answers an error.
func TestContractErrorOrder(t *testing.T) {
	own := endpoint.Errorf(http.StatusGone, "own")
	api := contractAPI(
		endpoint.MapError(errContract, http.StatusConflict, "outer"),
		endpoint.MapError(context.DeadlineExceeded, http.StatusGatewayTimeout, "mapped"),
		endpoint.MapErrorAs(func(c contractCode) *endpoint.Error {
			if c == 0 {
				return nil
			}
			return endpoint.Errorf(int(c), "as")
		}))
	inner := api.Group("inner", endpoint.MapError(errContract, http.StatusTeapot, "inner"))
	plain := contractAPI()
	tests := []struct {
		name   string
		err    error
		status int
		detail string
		reason string
	}{
		{"own", own, 410, `"own"`, "an Error says what it is"},
		{"wrapped", fmt.Errorf("w: %w", own), 410, `"own"`, "also wrapped"},
		{"cause", own.Wrap(errContract), 410, `"own"`, "before a mapping that knows its cause"},
		{"joined", errors.Join(errContract, own), 410, `"own"`, "before a mapping that knows what it is joined with"},
		{"mapped", fmt.Errorf("w: %w", errContract), 409, `"outer"`, "errors.Is"},
		{"as", fmt.Errorf("w: %w", contractCode(402)), 402, `"as"`, "errors.As"},
		{"as none", contractCode(0), 500, "", "a mapping that returns nil knows nothing"},
		{"deadline", context.DeadlineExceeded, 504, `"mapped"`, "a mapping comes before the rule for deadlines"},
		{"cancelled", context.Canceled, 500, "", "cancelled, but not by this client"},
		{"extra", &endpoint.Error{Status: 400, Extra: map[string]any{"x": func() {}}}, 500, "", "an extension that is no JSON is a problem all the same"},
		{"zero", &endpoint.Error{}, 500, "", "no status is 500"},
	}
	for i, test := range tests {
		api.Get(fmt.Sprint(i), func() error { return test.err })
	}
	inner.Get("", func() error { return errContract })
	plain.Get("deadline", func() error { return fmt.Errorf("w: %w", context.DeadlineExceeded) })
	contractCompile(t, api)
	contractCompile(t, plain)
	check := func(name string, h http.Handler, target string, status int, detail, reason string) {
		t.Helper()
		w, _ := contractAsk(t, h, "GET", target, "")
		if w.Code != status || !strings.Contains(w.Body.String(), detail) || !strings.Contains(w.Body.String(), fmt.Sprintf(`"status":%d`, status)) ||
			w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), errContract.Error()) {
			t.Errorf("%s: %d %s %v, want %d with %s: %s", name, w.Code, w.Body, w.Header(), status, detail, reason)
		}
	}
	for i, test := range tests {
		check(test.name, api, fmt.Sprint("/", i), test.status, test.detail, test.reason)
	}
	check("inner", api, "/inner", 418, `"inner"`, "the innermost mapping holds")
	check("plain deadline", plain, "/deadline", 503, "too long", "without a mapping it is 503")
}

func contractGuard() error { return nil }

func contractBodyGuard([]byte) error { return nil }

func contractMiddleware(next http.Handler) http.Handler { return next }

// TestContractExplain asks that the resolved plan names all that a request
// passes on its way to the handler.
func TestContractExplain(t *testing.T) {
	api := contractAPI(endpoint.Depends(contractGuard))
	api.Post("x", contractGuard, endpoint.Strict(), endpoint.Timeout(time.Minute),
		endpoint.Use(contractMiddleware), endpoint.Depends(contractBodyGuard))
	var got strings.Builder
	if err := api.Explain(&got); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"POST /x\n\thandler contractGuard, registered at ",
		"\n\tmiddleware contractMiddleware\n" +
			"\tguard contractGuard, before the body is read\n" +
			"\tguard contractBodyGuard, after the body is read\n" +
			"\tstrict: what is not known is a fault\n" +
			"\twithin 1m0s\n",
		"\n\tanswers 204\n",
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("got\n%s\nwithout\n%s", &got, want)
		}
	}
}
