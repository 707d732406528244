package endpoint

import (
	"net/http"
	"strings"
)

// Anvil makes an API answer as Anvil's HTTP endpoints
// (@anvil.server.http_endpoint) did. Options beside it override it. It is
//
//	Prefix("/_/api")
//	Methods("GET", "POST")
//	CORS(...)           for the origins of the application: Origin and that of ExternalURL
//	ErrorFormat(...)    text/plain
//
// and what has no option of its own: credentials are judged before the method,
// but for preflights; every 401 has the challenge Basic realm="Anvil App API";
// a path that ends in a slash is exact, and nothing redirects; HEAD and OPTIONS
// are answered only where they are registered; 401, 404 and 405 have no CORS
// headers; a policy with one exact origin names it on every answer; a handler
// without result is answered with null. See
// [PrivateKey] for private applications, [Sessions] and [CrossSiteSession] for
// the session rule, and [EnableCORS].
//
// What does harm is different:
//
//	internal errors      of any kind, unmarshalable results too, have one text: nothing of them is told
//	paths                are no regular expressions: a parameter is a whole segment and never empty, a dot is a dot
//	a parameter          is unescaped once, so that what is checked is what is used
//	an unknown parameter of the query is ignored, instead of a 500 that any link could cause
//	overlapping paths    are decided by the most specific, instead of by the first registered
//	the same method      of a path twice is a fault of Compile, instead of the last one winning
//	a preflight          needs no credentials, and is answered with methods and from a list of headers, instead of an echo
func Anvil() Option {
	return dialect("Anvil", func(s *settings) {
		s.manner = &manner{
			exactPaths: true, authFirst: true, constantCORS: true,
			withoutCORS: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed},
			unknown:     anvilUnknown, other: anvilMethod,
		}
		s.preflightStatus = http.StatusOK
		s.access.denial, s.access.challenges = anvilDenial, []string{`Basic realm="Anvil App API"`}
	}, Prefix("/_/api"), Methods(http.MethodGet, http.MethodPost), CORS(CORSConfig{
		AllowOrigin: sameApplication, Headers: []string{"content-type"},
	}), errorFormat(anvilError, OperationErrorBody{MediaType: "text/plain"}))
}

// sameApplication reports whether an origin is one of the application's own.
func sameApplication(r *Request, origin string) bool {
	return origin == r.AppOrigin() || origin == r.Origin()
}

// anvilUnknown answers an unknown path.
func anvilUnknown(c *call) {
	c.fail(Errorf(http.StatusNotFound, "No matching API endpoint"))
}

// anvilMethod answers a method that a path does not have.
func anvilMethod(c *call, _ *pathNode, methods []string) {
	if p := c.settings.cors; c.r.Method == http.MethodOptions && p != nil && (p.fixed(c.settings) != nil || p.allows(c)) && !isPreflight(c.r) {
		c.out.write(http.StatusOK, nil)
		return
	}
	e := Errorf(http.StatusMethodNotAllowed, "Method not supported")
	e.Header = http.Header{"Allow": {strings.Join(methods, ", ")}}
	c.fail(e)
}

// anvilDenial is the answer to missing and wrong credentials.
func anvilDenial(denial) *Error { return Errorf(http.StatusUnauthorized, "Unauthorized") }

// anvilError writes an error as Anvil does, as text.
func anvilError(_ *Request, e *Error) *Response {
	text := e.Detail
	if text == "" {
		text = e.Title
	}
	if fields := e.told(); len(fields) > 0 {
		for _, f := range fields {
			text += "\n" + strings.TrimSpace(f.In+" "+f.Name+f.Pointer) + " " + f.Message
		}
	}
	kind := "text/plain; charset=utf-8"
	switch e.Status {
	case http.StatusInternalServerError:
		text, kind = "An exception was raised. Check the application logs for details.", "text/plain"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		kind = "text/plain"
	}
	return Respond(e.Status, text).Set("Content-Type", kind)
}
