package endpoint

import (
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
)

// Skygear makes an API answer as Skygear's custom HTTP endpoints
// (@skygear.handler) did. Options beside it override it. It is
//
//	Timeout(time.Minute)
//	CORS(...)           for every origin, without credentials, also on answers to requests without an Origin
//	ErrorFormat(...)    {"error":{"name","code","message","info"}}
//	NotFound(...)       200 {"result":{"status":"OK"}}
//
// and what has no option of its own: a colon inside a segment of a path is a
// slash; the bare form of a prefix redirects with 301 for every method; a
// method that a path does not have is 404, HEAD too; OPTIONS is 200 everywhere;
// a body without a content type is JSON; [Request.FullPath] always has a
// question mark; no 401 has a challenge; a handler without result is answered
// with null; a [Resource] also answers with a slash at the end, ignores what
// follows the id, and takes an empty body for an empty object.
//
// In an error, name is the Type, or stands for the status; code is Skygear's
// number of the name; message is the Detail and info Extra["info"].
//
// What does harm is different:
//
//	internal errors      have no text and no traceback: 500 UnexpectedError alone
//	a wrong API key      is not repeated in the message
//	credentials          are not read from the query, where logs and links show them
//	CORS                 is for every origin without credentials: "*" with them is refused by browsers, and an echo would let every site act as the user
//	unclean paths        are not cleaned by a redirect: they match nothing
//	an escaped slash     separates no segments
//	the same method      of a path twice is a fault of Compile, instead of the last one winning
//	the master key       is unknown: it would make every leak of it one of all users
func Skygear() Option {
	return dialect("Skygear", func(s *settings) {
		s.manner = &manner{
			colons: true, answersOptions: true, moved: http.StatusMovedPermanently,
			fullQuery: true, wholeResources: true,
			unknown: skygearHome, other: skygearMethod,
		}
		s.preflightStatus, s.untypedJSON = http.StatusOK, true
		s.access.denial, s.access.challenges = skygearDenial, []string{}
		s.cors = &corsPolicy{
			config: CORSConfig{Origins: []string{"*"}, Headers: []string{"*"}}, all: true, constant: []string{"*"},
		}
	}, Timeout(time.Minute), errorFormat(skygearError, OperationErrorBody{typeJSON[0], reflect.TypeFor[skygearProblem]()}))
}

// skygearHome answers an unknown path as the endpoint of Skygear itself. A body
// that names an action asks for one; there are none here.
func skygearHome(c *call) {
	body, err := c.bodyBytes()
	if err != nil {
		c.fail(err)
		return
	}
	var payload struct {
		Action any `json:"action"`
	}
	switch {
	case len(body) == 0:
	case json.Unmarshal(body, &payload) != nil:
		c.out.write(http.StatusBadRequest, nil)
		return
	case payload.Action != nil:
		c.fail(skygearUnmatched())
		return
	}
	home := struct {
		Result map[string]string `json:"result"`
	}{map[string]string{"status": "OK"}}
	if err := c.respondWith(http.StatusOK, home); err != nil {
		c.fail(err)
	}
}

func skygearUnmatched() *Error {
	return &Error{Status: http.StatusNotFound, Type: "UndefinedOperation", Detail: "route unmatched"}
}

// skygearMethod answers a method that a path does not have.
func skygearMethod(c *call, n *pathNode, _ []string) {
	if r := n.resource(); r != nil && r.has(c.r.Method) {
		c.fail(&Error{Status: http.StatusBadRequest, Type: "BadRequest", Detail: "invalid request method"})
		return
	}
	c.fail(skygearUnmatched())
}

// skygearDenial is the answer to missing and wrong credentials.
func skygearDenial(d denial) *Error {
	e := &Error{Status: http.StatusUnauthorized, Type: "NotAuthenticated"}
	switch {
	case errors.Is(d.err, errSkygearKey):
		e.Type, e.Detail = "AccessKeyNotAccepted", "Cannot verify api key"
	case d.err != nil:
		e.Type, e.Detail = "AccessTokenNotAccepted", "token does not exist or it has expired"
	case d.key:
		e.Detail = "Authentication is required for this action, please login."
	default:
		e.Detail = "Both api key and access token are empty"
	}
	return e
}

// A skygearFault is an error as Skygear writes it.
type skygearFault struct {
	Name    string `json:"name"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Info    any    `json:"info,omitzero"`
}

// A skygearProblem is the body of an error.
type skygearProblem struct {
	Error skygearFault `json:"error"`
}

// skygearError writes an error as Skygear does.
func skygearError(r *Request, e *Error) *Response {
	f := skygearFault{Name: e.Type, Message: e.Detail, Info: e.Extra["info"]}
	if f.Name == "" {
		f.Name = skygearName(e.Status)
	}
	f.Code = skygearCode(f.Name)
	if f.Message == "" {
		f.Message = e.Title
	}
	switch {
	case r.call != nil && r.call.notJSON && e.Status == http.StatusBadRequest:
		f.Message = "unable to decode json"
	case e.Status == http.StatusServiceUnavailable && e.Detail == tooLong:
		f.Message = "Service taking too long to respond."
	}
	if fields := e.told(); f.Info == nil && len(fields) > 0 {
		f.Info = map[string]any{"errors": fields}
	}
	return Respond(e.Status, skygearProblem{f})
}

// skygearName returns the name of an error without one.
func skygearName(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "NotAuthenticated"
	case http.StatusForbidden:
		return "PermissionDenied"
	case http.StatusNotFound:
		return "ResourceNotFound"
	case http.StatusConflict:
		return "Duplicated"
	case http.StatusUnprocessableEntity:
		return "InvalidArgument"
	case http.StatusNotImplemented:
		return "NotImplemented"
	case http.StatusServiceUnavailable:
		return "ResponseTimeout"
	case http.StatusGatewayTimeout:
		return "PluginTimeout"
	}
	if status < 500 {
		return "BadRequest"
	}
	return "UnexpectedError"
}

// skygearCode returns the number of a name; 10000 is that of unexpected errors
// and of names that Skygear does not have.
func skygearCode(name string) int {
	for i, known := range [...]string{
		"NotAuthenticated", "PermissionDenied", "AccessKeyNotAccepted", "AccessTokenNotAccepted",
		"InvalidCredentials", "InvalidSignature", "BadRequest", "InvalidArgument", "Duplicated",
		"ResourceNotFound", "NotSupported", "NotImplemented", "ConstraintViolated", "IncompatibleSchema",
		"AtomicOperationFailure", "PartialOperationFailure", "UndefinedOperation", "PluginUnavailable",
		"PluginTimeout", "RecordQueryInvalid", "PluginInitializing", "ResponseTimeout", "DeniedArgument",
		"RecordQueryDenied", "NotConfigured", "PasswordPolicyViolated", "UserDisabled", "VerificationRequired",
	} {
		if name == known {
			return 101 + i
		}
	}
	return 10000
}
