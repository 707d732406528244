package endpoint_test

import (
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// The contract: the names and signatures that programs outside compile
// against. A change here breaks them, so these assignments are never adapted to
// the code. That of the package canister is tested there.

// Names short enough to read the signatures.
type (
	contractOption   = endpoint.Option
	contractRegister = func(path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint
)

// The interfaces that types satisfy.
var (
	_ http.Handler       = (*endpoint.API)(nil)
	_ endpoint.Component = (*endpoint.API)(nil)
	_ endpoint.Component = (*endpoint.Endpoint)(nil)
	_ error              = (*endpoint.Error)(nil)
)

// An API, and the package-level functions on Default.
var (
	_ func(opts ...endpoint.Option) *endpoint.API = endpoint.New

	_ *endpoint.API    = endpoint.Default
	_ contractRegister = endpoint.Handle
	_ contractRegister = endpoint.Get
	_ contractRegister = endpoint.Post
	_ contractRegister = endpoint.Put
	_ contractRegister = endpoint.Patch
	_ contractRegister = endpoint.Delete
	_ contractRegister = endpoint.Define

	_ func(configurations ...any) = endpoint.Configure
	_ func(providers ...any)      = endpoint.Provide

	_ func(fn func(ctx context.Context, in int) (string, error)) any = endpoint.Typed[int, string]

	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Handle
	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Get
	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Post
	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Put
	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Patch
	_ func(a *endpoint.API, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.API).Delete
	_ func(a *endpoint.API, prefix string, opts ...endpoint.Option) *endpoint.Group          = (*endpoint.API).Group
	_ func(a *endpoint.API, components ...endpoint.Component)                                = (*endpoint.API).Add
	_ func(a *endpoint.API, endpoints ...*endpoint.Endpoint)                                 = (*endpoint.API).Remove
	_ func(a *endpoint.API, configurations ...any)                                           = (*endpoint.API).Configure
	_ func(a *endpoint.API, providers ...any)                                                = (*endpoint.API).Provide
	_ func(a *endpoint.API) error                                                            = (*endpoint.API).Compile
	_ func(a *endpoint.API, w http.ResponseWriter, r *http.Request)                          = (*endpoint.API).ServeHTTP
	_ func(a *endpoint.API) []*endpoint.Endpoint                                             = (*endpoint.API).Endpoints
	_ func(a *endpoint.API, w io.Writer) error                                               = (*endpoint.API).Explain
)

// Groups and endpoints.
var (
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Handle
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Get
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Post
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Put
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Patch
	_ func(g *endpoint.Group, path string, fn any, opts ...endpoint.Option) *endpoint.Endpoint = (*endpoint.Group).Delete
	_ func(g *endpoint.Group, prefix string, opts ...endpoint.Option) *endpoint.Group          = (*endpoint.Group).Group

	_ func(e *endpoint.Endpoint) string                         = (*endpoint.Endpoint).Path
	_ func(e *endpoint.Endpoint) []string                       = (*endpoint.Endpoint).Methods
	_ func(e *endpoint.Endpoint) string                         = (*endpoint.Endpoint).Name
	_ func(e *endpoint.Endpoint, params ...any) (string, error) = (*endpoint.Endpoint).URL
	_ func(e *endpoint.Endpoint)                                = (*endpoint.Endpoint).Enable
	_ func(e *endpoint.Endpoint)                                = (*endpoint.Endpoint).Disable
	_ func(e *endpoint.Endpoint) bool                           = (*endpoint.Endpoint).Enabled
	_ func(e *endpoint.Endpoint) []*endpoint.Endpoint           = (*endpoint.Endpoint).Endpoints
)

// The options.
var (
	_ func(methods ...string) contractOption                                                 = endpoint.Methods
	_ func(name string) contractOption                                                       = endpoint.Name
	_ func(s string) contractOption                                                          = endpoint.Summary
	_ func(s string) contractOption                                                          = endpoint.Description
	_ func(tags ...string) contractOption                                                    = endpoint.Tags
	_ func() contractOption                                                                  = endpoint.Deprecated
	_ func() contractOption                                                                  = endpoint.Hidden
	_ func(code int) contractOption                                                          = endpoint.Status
	_ func(middleware ...func(http.Handler) http.Handler) contractOption                     = endpoint.Use
	_ func(guards ...any) contractOption                                                     = endpoint.Depends
	_ func(bytes int64) contractOption                                                       = endpoint.MaxBody
	_ func(idle time.Duration) contractOption                                                = endpoint.BodyTimeout
	_ func(d time.Duration) contractOption                                                   = endpoint.Timeout
	_ func() contractOption                                                                  = endpoint.Strict
	_ func(target error, status int, detail string) contractOption                           = endpoint.MapError
	_ func(f func(*net.OpError) *endpoint.Error) contractOption                              = endpoint.MapErrorAs[*net.OpError]
	_ func(f func(r *endpoint.Request, err error) error) contractOption                      = endpoint.OnError
	_ func(h http.Handler) contractOption                                                    = endpoint.NotFound
	_ func(path string) contractOption                                                       = endpoint.Prefix
	_ func(f func(r *endpoint.Request, e *endpoint.Error) *endpoint.Response) contractOption = endpoint.ErrorFormat
	_ func() contractOption                                                                  = endpoint.TextAsJSON
	_ func(l *slog.Logger) contractOption                                                    = endpoint.Logger
)

// A request.
var (
	_ func(r *endpoint.Request, name string) string  = (*endpoint.Request).Param
	_ func(r *endpoint.Request) string               = (*endpoint.Request).Rest
	_ func(r *endpoint.Request) string               = (*endpoint.Request).Path
	_ func(r *endpoint.Request) string               = (*endpoint.Request).FullPath
	_ func(r *endpoint.Request) url.Values           = (*endpoint.Request).QueryParams
	_ func(r *endpoint.Request) (url.Values, error)  = (*endpoint.Request).FormParams
	_ func(r *endpoint.Request) ([]byte, error)      = (*endpoint.Request).BodyBytes
	_ func(r *endpoint.Request, v any) error         = (*endpoint.Request).BodyJSON
	_ func(r *endpoint.Request) string               = (*endpoint.Request).Username
	_ func(r *endpoint.Request) string               = (*endpoint.Request).Password
	_ func(r *endpoint.Request) string               = (*endpoint.Request).RequestID
	_ func(ctx context.Context) *endpoint.Request    = endpoint.RequestFrom
	_ func(p endpoint.Params, name string) string    = endpoint.Params.Get
	_ func(f *endpoint.File) (multipart.File, error) = (*endpoint.File).Open
)

// Results and errors.
var (
	_ func(status int, body any) *endpoint.Response                    = endpoint.Respond
	_ func(status int, location string) *endpoint.Response             = endpoint.Redirect
	_ func(r *endpoint.Response, key, value string) *endpoint.Response = (*endpoint.Response).Set
	_ func(r *endpoint.Response, key, value string) *endpoint.Response = (*endpoint.Response).Add
	_ func(r *endpoint.Response, c *http.Cookie) *endpoint.Response    = (*endpoint.Response).Cookie
	_ func(status int, format string, args ...any) *endpoint.Error     = endpoint.Errorf
	_ func(e *endpoint.Error, err error) *endpoint.Error               = (*endpoint.Error).Wrap
	_ func(e *endpoint.Error) string                                   = (*endpoint.Error).Error
	_ func(e *endpoint.Error) error                                    = (*endpoint.Error).Unwrap
	_ func(ctx context.Context, addr string, h http.Handler) error     = endpoint.Serve
	_ func(ctx context.Context, l net.Listener, h http.Handler) error  = endpoint.ServeListener
)

// The types that programs convert from and to, and the fields that they read and
// write: the type of a pointer to a field is exact.
var (
	_ map[string][]string = endpoint.Params{}
	_ struct{}            = struct{}(endpoint.Configuration{})

	_ **http.Request = &new(endpoint.Request).Request

	_ *time.Time = &new(endpoint.Opt[time.Time]).Value
	_ *bool      = &new(endpoint.Opt[time.Time]).Set
	_ *bool      = &new(endpoint.Opt[time.Time]).Null

	_ *string = &new(endpoint.File).Name
	_ *string = &new(endpoint.File).ContentType
	_ *int64  = &new(endpoint.File).Size

	_ *int            = &new(endpoint.Response).Status
	_ *http.Header    = &new(endpoint.Response).Header
	_ *[]*http.Cookie = &new(endpoint.Response).Cookies
	_ *any            = &new(endpoint.Response).Body

	_ *string    = &new(endpoint.Media).ContentType
	_ *string    = &new(endpoint.Media).Name
	_ *io.Reader = &new(endpoint.Media).Content
	_ *time.Time = &new(endpoint.Media).Modified

	_ *string        = &new(endpoint.Event).ID
	_ *string        = &new(endpoint.Event).Type
	_ *any           = &new(endpoint.Event).Data
	_ *time.Duration = &new(endpoint.Event).Retry

	_ *int                   = &new(endpoint.Error).Status
	_ *string                = &new(endpoint.Error).Type
	_ *string                = &new(endpoint.Error).Title
	_ *string                = &new(endpoint.Error).Detail
	_ *[]endpoint.FieldError = &new(endpoint.Error).Fields
	_ *map[string]any        = &new(endpoint.Error).Extra
	_ *http.Header           = &new(endpoint.Error).Header
	_ *error                 = &new(endpoint.Error).Err

	_ *string = &new(endpoint.FieldError).In
	_ *string = &new(endpoint.FieldError).Name
	_ *string = &new(endpoint.FieldError).Pointer
	_ *string = &new(endpoint.FieldError).Code
	_ *string = &new(endpoint.FieldError).Message
)

// TestContractTags checks what no assignment can: FieldError is decoded from
// problem documents by programs, so its tags are part of the contract.
func TestContractTags(t *testing.T) {
	want := map[string]reflect.StructTag{
		"In": `json:"in"`, "Name": `json:"name,omitempty"`, "Pointer": `json:"pointer,omitempty"`,
		"Code": `json:"code"`, "Message": `json:"message"`,
	}
	fields := reflect.TypeFor[endpoint.FieldError]()
	if fields.NumField() != len(want) {
		t.Errorf("FieldError has %d fields, want %d", fields.NumField(), len(want))
	}
	for f := range fields.Fields() {
		if f.Tag != want[f.Name] {
			t.Errorf("field %s has the tag %s, want %s", f.Name, f.Tag, want[f.Name])
		}
	}
}
