package endpoint

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// An Option changes how endpoints behave. [New], [API.Group] and [API.Handle]
// take options; an endpoint inherits those of its groups and of the API that
// serves it. Where an option replaces, the innermost one holds; [Use],
// [Depends], [MapError], [MapErrorAs], [Tags] and [Annotate] add up. An option that makes
// no sense where it stands, or whose value makes none, is reported by
// [API.Compile]. The zero Option does nothing.
type Option struct {
	name  string
	where level
	apply func(*settings) error
}

// A level is a place where an option may stand.
type level uint8

const (
	onAPI level = 1 << iota
	onGroup
	onEndpoint

	beforeOthers // a dialect: the options beside it override it

	anywhere = onAPI | onGroup | onEndpoint
)

// String names the level as a fault does.
func (l level) String() string {
	switch l {
	case onAPI:
		return "New"
	case onGroup:
		return "Group"
	}
	return "an endpoint"
}

// Defaults of the options, and the limits that no option changes.
const (
	defaultMaxBody     = 1 << 20          // bytes: room for any form or document a person fills in
	defaultBodyTimeout = 10 * time.Second // a slow phone pauses for less
)

// settings are the options of an endpoint, those of its API and groups included.
type settings struct {
	// What every request looks at comes first, so that it is together in memory.
	strict      bool
	textAsJSON  bool
	status      int
	maxBody     int64
	bodyTimeout time.Duration
	timeout     time.Duration
	onError     func(*Request, error) error
	format      func(*Request, *Error) *Response
	errorBody   OperationErrorBody   // of format, as far as it is known
	mappers     []func(error) *Error // outermost first
	mapped      []OperationError     // what of mappers is known
	logger      *slog.Logger

	at          level // where the options that are being applied stand
	methods     []string
	name        string
	summary     string
	description string
	tags        []string
	deprecated  bool
	hidden      bool
	annotations []any
	around      []func(http.Handler) http.Handler // given to New: outside routing
	middleware  []func(http.Handler) http.Handler // outermost first
	guards      []guard
	notFound    http.Handler
	prefix      string
	access      access
	session     sessionSettings
	network     network

	cors            *corsPolicy // nil allows no origin
	preflightStatus int         // of a preflight that is answered; 0 means 204
	manner          *manner     // of a dialect, nil for none
	untypedJSON     bool        // a body without a content type is JSON
	nullFloats      bool        // NaN and infinities are null in JSON
}

// A guard is a function given to Depends, and where.
type guard struct {
	fn    any
	place funcname.Place
}

// defaults returns the settings of an endpoint without options.
func defaults() settings {
	return settings{
		methods:     []string{http.MethodGet, http.MethodPost, http.MethodPut},
		maxBody:     defaultMaxBody,
		bodyTimeout: defaultBodyTimeout,
	}
}

// with applies options that stand at the given level and returns their faults.
func (s *settings) with(at level, options []Option) []error {
	s.at, s.access.here = at, 0
	var faults []error
	for _, o := range dialectsFirst(options) {
		switch {
		case o.apply == nil:
		case o.where&at == 0:
			faults = append(faults, fmt.Errorf("option %s makes no sense at %s; give it to %s", o.name, at, o.places()))
		default:
			if err := o.apply(s); err != nil {
				faults = append(faults, fmt.Errorf("option %s: %w", o.name, err))
			}
			if o.where&beforeOthers != 0 {
				s.access.here = 0 // a requirement beside a dialect overrides the dialect's
			}
		}
	}
	return faults
}

// dialectsFirst puts dialects before the options that override them.
func dialectsFirst(options []Option) []Option {
	dialect := func(o Option) bool { return o.where&beforeOthers != 0 }
	if !slices.ContainsFunc(options, dialect) {
		return options
	}
	first := slices.DeleteFunc(slices.Clone(options), func(o Option) bool { return !dialect(o) })
	return append(first, slices.DeleteFunc(slices.Clone(options), dialect)...)
}

// places lists where the option may stand.
func (o Option) places() string {
	var list []string
	for _, l := range []level{onAPI, onGroup, onEndpoint} {
		if o.where&l != 0 {
			list = append(list, l.String())
		}
	}
	return strings.Join(list, ", ")
}

// set makes an option that cannot fail.
func set(name string, where level, f func(*settings)) Option {
	return Option{name, where, func(s *settings) error { f(s); return nil }}
}

// Methods sets the methods an endpoint answers; lower case is accepted, and
// "*" stands for every method. The default is GET, POST and PUT.
func Methods(methods ...string) Option {
	return Option{"Methods", anywhere, func(s *settings) error {
		if len(methods) == 0 {
			return errors.New(`no method given; name at least one, or "*" for every method`)
		}
		s.methods = nil // what of them is right is kept, so that a fault has no others as its consequence
		for _, m := range methods {
			upper := strings.ToUpper(m)
			if upper != anyMethod && !isToken(upper) {
				return fmt.Errorf("%q is not a method; write a name such as \"GET\"", m)
			}
			if slices.Contains(s.methods, upper) {
				return fmt.Errorf("method %s is given twice; name it once", upper)
			}
			s.methods = append(s.methods, upper)
		}
		if len(s.methods) > 1 && slices.Contains(s.methods, anyMethod) {
			return errors.New(`"*" is every method already; give it alone`)
		}
		return nil
	}}
}

// anyMethod stands for every method in Methods.
const anyMethod = "*"

// isToken reports whether s is a token of RFC 9110, as methods and field names are.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"(),/:;<=>?@[\\]{}", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// Name sets the name of an endpoint, unique within its API. The default is the
// function's name, which need not be unique.
func Name(name string) Option {
	return Option{"Name", onEndpoint, func(s *settings) error {
		if name == "" {
			return errors.New("the name is empty; leave the option out to use the function's name")
		}
		s.name = name
		return nil
	}}
}

// Summary sets the one-line summary that descriptions show.
func Summary(text string) Option {
	return set("Summary", onEndpoint, func(s *settings) { s.summary = text })
}

// Description sets the longer text that descriptions show.
func Description(text string) Option {
	return set("Description", onEndpoint, func(s *settings) { s.description = text })
}

// Tags adds tags that descriptions group endpoints by.
func Tags(tags ...string) Option {
	return set("Tags", anywhere, func(s *settings) {
		for _, t := range tags {
			if !slices.Contains(s.tags, t) {
				s.tags = append(slices.Clip(s.tags), t)
			}
		}
	})
}

// Deprecated marks endpoints as deprecated in descriptions.
func Deprecated() Option {
	return set("Deprecated", anywhere, func(s *settings) { s.deprecated = true })
}

// Hidden marks endpoints that public documents leave out; they are served all the same.
func Hidden() Option {
	return set("Hidden", anywhere, func(s *settings) { s.hidden = true })
}

// Annotate adds values to the description of endpoints, as
// [Operation].Annotations, for the tools that know them; nothing else looks at
// them. Packages that offer options of their own build on it.
func Annotate(values ...any) Option {
	return set("Annotate", anywhere, func(s *settings) {
		s.annotations = append(slices.Clip(s.annotations), values...)
	})
}

// Status sets the status of a success. The default is 200, or 204 for a
// handler without a result.
func Status(code int) Option {
	return Option{"Status", anywhere, func(s *settings) error {
		if code < 200 || code > 599 {
			return fmt.Errorf("%d is not a final status; write one from 200 to 599", code)
		}
		s.status = code
		return nil
	}}
}

// Use adds middleware, outermost first. Given to [New] it runs around routing,
// so that answers such as 404 and 405 pass through it; given to a group or an
// endpoint it runs around the endpoint alone, after the path was matched and
// before the body is read.
func Use(middleware ...func(http.Handler) http.Handler) Option {
	return Option{"Use", anywhere, func(s *settings) error {
		for i, m := range middleware {
			if m == nil {
				return fmt.Errorf("middleware %d is nil; leave it out", i+1)
			}
		}
		if s.at == onAPI {
			s.around = append(slices.Clip(s.around), middleware...)
		} else {
			s.middleware = append(slices.Clip(s.middleware), middleware...)
		}
		return nil
	}}
}

// Depends adds guards: functions with handler parameters that run before the
// handler and return nothing or an error, which rejects the request. A guard
// that needs no body runs before the body is read.
func Depends(guards ...any) Option {
	place := funcname.Here(1)
	return set("Depends", anywhere, func(s *settings) {
		s.guards = slices.Clip(s.guards)
		for _, fn := range guards {
			s.guards = append(s.guards, guard{fn, place})
		}
	})
}

// MaxBody sets the largest request body, in bytes; the default is 1 MiB. A
// larger one is answered with 413, before it is read if its length was
// announced.
func MaxBody(bytes int64) Option {
	return Option{"MaxBody", anywhere, func(s *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("%d bytes leave no room for a body; write a positive number", bytes)
		}
		s.maxBody = bytes
		return nil
	}}
}

// BodyTimeout sets the longest pause while a request body is read; the default
// is 10 s. A body that pauses for longer, or that comes more slowly than
// 1 KiB/s after twice that time, is answered with 408.
func BodyTimeout(idle time.Duration) Option {
	return Option{"BodyTimeout", anywhere, func(s *settings) error {
		if idle <= 0 {
			return fmt.Errorf("%v is no time to wait; write a positive duration", idle)
		}
		s.bodyTimeout = idle
		return nil
	}}
}

// Timeout sets how long an endpoint may take until the first byte of its
// answer. After that the request's context is cancelled, the client gets a 503
// problem, and what the handler returns later is dropped. The default, 0, sets
// no limit.
func Timeout(d time.Duration) Option {
	return Option{"Timeout", anywhere, func(s *settings) error {
		if d < 0 {
			return fmt.Errorf("%v has passed already; write a positive duration, or 0 for no limit", d)
		}
		s.timeout = d
		return nil
	}}
}

// Strict makes unknown members of a JSON body, fields of a form and parameters
// of the query faults. By default they are ignored, and never bound.
func Strict() Option {
	return set("Strict", anywhere, func(s *settings) { s.strict = true })
}

// MapError answers errors that are target, by [errors.Is], with a status and a
// detail for the client. The innermost mapping that knows an error holds.
func MapError(target error, status int, detail string) Option {
	return Option{"MapError", anywhere, func(s *settings) error {
		if target == nil {
			return errors.New("the target is nil; give the error to map")
		}
		if status < 400 || status > 599 {
			return fmt.Errorf("%d is not the status of an error; write one from 400 to 599", status)
		}
		s.mappers = append(slices.Clip(s.mappers), func(err error) *Error {
			if !errors.Is(err, target) {
				return nil
			}
			return &Error{Status: status, Detail: detail, Err: err}
		})
		s.mapped = append(slices.Clip(s.mapped), OperationError{status, detail})
		return nil
	}}
}

// MapErrorAs answers errors that are an E, by [errors.As], as f says. An f
// that returns nil leaves the error to other mappings.
func MapErrorAs[E error](f func(E) *Error) Option {
	return Option{"MapErrorAs", anywhere, func(s *settings) error {
		if f == nil {
			return errors.New("the function is nil; give one that returns an *Error")
		}
		s.mappers = append(slices.Clip(s.mappers), func(err error) *Error {
			target, ok := errors.AsType[E](err)
			if !ok {
				return nil
			}
			e := f(target)
			if e != nil && e.Err == nil {
				e = e.Wrap(err)
			}
			return e
		})
		return nil
	}}
}

// OnError sets a function that sees every error before it becomes a response
// and may return another one. An f that returns nil leaves the error as it is.
func OnError(f func(r *Request, err error) error) Option {
	return set("OnError", anywhere, func(s *settings) { s.onError = f })
}

// ErrorFormat replaces problem+json: f makes the response of every error, also
// of 401, 404, 405 and panics. The Status and Title of its *Error are set. A nil response is a 500 without a body.
func ErrorFormat(f func(r *Request, e *Error) *Response) Option {
	return errorFormat(f, OperationErrorBody{})
}

// errorFormat is ErrorFormat for a format that descriptions know.
func errorFormat(f func(r *Request, e *Error) *Response, body OperationErrorBody) Option {
	return set("ErrorFormat", anywhere, func(s *settings) { s.format, s.errorBody = f, body })
}

// TextAsJSON makes string results JSON strings instead of text/plain.
func TextAsJSON() Option {
	return set("TextAsJSON", anywhere, func(s *settings) { s.textAsJSON = true })
}

// NotFound hands requests that match no endpoint to h, so that they fall
// through to the service around. The default answers a 404 problem. A path that
// is broken, as by an escaped control character, is a 400 all the same.
func NotFound(h http.Handler) Option {
	return set("NotFound", onAPI, func(s *settings) { s.notFound = h })
}

// Prefix says where the API lives, such as "/api": it is part of every path
// that is matched, of [Endpoint.URL] and of Location; what lies outside is not
// found. URL.Path of a request is never changed. The default is the root.
func Prefix(path string) Option {
	return set("Prefix", onAPI, func(s *settings) { s.prefix = path })
}

// Logger sets where faults of requests are logged. The default is
// [slog.Default] at the time of logging.
func Logger(l *slog.Logger) Option {
	return set("Logger", anywhere, func(s *settings) { s.logger = l })
}

// log returns the logger.
func (s *settings) log() *slog.Logger {
	if s.logger != nil {
		return s.logger
	}
	return slog.Default()
}
