package endpoint

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Dara makes an API answer as the custom endpoints of Dara (dara.core.http)
// did. Options beside it override it. It is
//
//	Prefix("/api")
//	UserRequired()
//	TextAsJSON()
//	ErrorFormat(...)    {"detail": Detail}, with a Type {"detail":{"message","reason"}}
//
// and what has no option of its own: [Public] evaluates no credentials;
// [BearerAuth] also reads the cookie dara_session_token; missing credentials are
// told from wrong ones, and no 401 has a challenge; a handler without result is
// answered with null, and NaN and infinities are null in JSON; {id:int} is {id}
// and {rest:path} is *rest in a path; a path that ends in a slash is exact, and
// nothing redirects; HEAD and OPTIONS are answered only where they are
// registered; GET of a path that has other methods is 404, another method is 405
// also at unknown paths; /status, outside the prefix, tells that the server runs.
//
// A handler's error with a Type, such as Error{Status: 401, Type: "expired",
// Detail: "Session has expired, please log in again"}, is answered with message
// and reason. Faults of the request are 422 with type, loc and msg.
//
// What does harm is different:
//
//	internal errors      have no text: 500 {"detail":"Internal Server Error"}
//	a missing default    of a configuration is a fault of Compile, instead of a 500 with text in every request
//	rejected values      are not repeated as input in the faults of a 422
//	repeated scalars     are a fault, instead of the last one winning
//	dependencies         run after credentials were judged, so that a stranger does not reach them
//	an escaped slash     separates no segments
//	malformed JSON       is told after credentials were judged, which come before the body is read
func Dara() Option {
	return dialect("Dara", func(s *settings) {
		s.manner = &manner{exactPaths: true, converters: true, unknown: daraUnknown, other: daraMethod}
		s.nullFloats = true
		s.access.denial, s.access.challenges = daraDenial, []string{}
		s.access.bearerCookie, s.access.blind = "dara_session_token", true
	}, Prefix("/api"), UserRequired(), TextAsJSON(), errorFormat(daraError, OperationErrorBody{typeJSON[0], reflect.TypeFor[daraProblem]()}))
}

// daraUnknown answers an unknown path. Below the prefix Dara has an endpoint
// for GET of everything, so other methods are wrong there.
func daraUnknown(c *call) {
	prefix := c.table.prefix.String() + "/"
	switch {
	case c.r.URL.Path == "/status" && c.r.Method == http.MethodGet:
		if err := c.respondWith(http.StatusOK, map[string]string{"status": "ok"}); err != nil {
			c.fail(err)
		}
	case !strings.HasPrefix(c.r.URL.Path, prefix) || prefix == "/":
		c.fail(&Error{Status: http.StatusNotFound})
	case c.r.Method == http.MethodGet:
		c.fail(Errorf(http.StatusNotFound, "API endpoint not found"))
	default:
		daraMethod(c, nil, []string{http.MethodGet})
	}
}

// daraMethod answers a method that a path does not have.
func daraMethod(c *call, _ *pathNode, methods []string) {
	if c.r.Method == http.MethodGet {
		c.fail(Errorf(http.StatusNotFound, "API endpoint not found"))
		return
	}
	c.fail(&Error{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {strings.Join(methods, ", ")}}})
}

// daraDenial is the answer to missing and wrong credentials.
func daraDenial(d denial) *Error {
	values := d.r.Header["Authorization"]
	scheme := func(v string) bool { return !strings.HasPrefix(v, "Bearer ") }
	switch {
	case slices.ContainsFunc(values, scheme):
		return &Error{Status: http.StatusBadRequest, Type: "bad_request", Detail: "Invalid authentication scheme, please use Bearer tokens"}
	case d.err == nil:
		return &Error{Status: http.StatusUnauthorized, Type: "expired", Detail: "Session has expired, please log in again"}
	}
	return &Error{Status: http.StatusUnauthorized, Type: "invalid_token", Detail: "Token is invalid, please log in again"}
}

// daraReason is an error with a reason as Dara writes it.
type daraReason struct {
	Message string `json:"message"`
	Reason  string `json:"reason"`
}

// A daraField is the fault of an input as Dara writes it, without its value.
type daraField struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
}

// A daraProblem is the body of an error: Detail is a text, a daraReason or a
// list of daraField.
type daraProblem struct {
	Detail any `json:"detail"`
}

// daraError writes an error as Dara does.
func daraError(r *Request, e *Error) *Response {
	detail := e.Detail
	if detail == "" {
		detail = e.Title
	}
	switch {
	case e.Type != "":
		return Respond(e.Status, daraProblem{daraReason{detail, e.Type}})
	case r.call != nil && r.call.notJSON && e.Status == http.StatusBadRequest:
		f := daraField{"json_invalid", []any{"body"}, "JSON decode error"}
		return Respond(http.StatusUnprocessableEntity, daraProblem{[]daraField{f}})
	case len(e.Fields) > 0:
		var list []daraField
		for _, f := range e.told() {
			list = append(list, daraFieldOf(&f))
		}
		return Respond(e.Status, daraProblem{list})
	}
	return Respond(e.Status, daraProblem{detail})
}

// daraFieldOf translates the fault of an input.
func daraFieldOf(f *FieldError) daraField {
	d := daraField{Type: f.Code, Loc: []any{f.In}, Msg: f.Message}
	if f.Code == "required" {
		d.Type, d.Msg = "missing", "Field required"
	}
	if f.Name != "" {
		d.Loc = append(d.Loc, f.Name)
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(f.Pointer, "/"), "/") {
		if f.Pointer == "" {
			break
		}
		if n, err := strconv.ParseUint(token, 10, 31); err == nil {
			d.Loc = append(d.Loc, n)
			continue
		}
		d.Loc = append(d.Loc, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	return d
}
