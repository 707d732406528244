package shape

import (
	"time"

	"github.com/seed217079a1/endpoint"
)

// allow shortens the rows below.
func allow(c endpoint.CORSConfig) endpoint.Option { return endpoint.CORS(c) }

// anyOrigin is for configurations that are wrong with every origin.
func anyOrigin(*endpoint.Request, string) bool { return true }

// origins are configurations of CORS that allow nothing, or more than they
// seem to.
func origins() []Case {
	list := []string{"https://a.example"}
	return []Case{
		{"origin null", "every sandboxed page sends it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"null"}})) // want `option CORS: origin "null" is sent by every sandboxed page and file; name the origin that the page is served from`
		})},
		{"origin without a scheme", "a page on plain http would do", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"app.example.com"}})) // want `option CORS: origin "app.example.com" has no scheme, so that a plain http page would do; write one such as "https://app.example.com" or "https://*.example.com"`
		})},
		{"origin as a suffix", "a bare suffix matches what others register", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"*.example.com"}})) // want `option CORS: origin "*.example.com" has no scheme, so that a plain http page would do; write one such as "https://app.example.com" or "https://*.example.com"`
		})},
		{"origin with a path", "browsers send none", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com/app"}})) // want `option CORS: origin "https://app.example.com/app" is more than scheme, host and port; leave out what stands around them`
		})},
		{"origin with a slash", "browsers send none", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com/"}})) // want `option CORS: origin "https://app.example.com/" is more than scheme, host and port; leave out what stands around them`
		})},
		{"origin with a user", "browsers send none", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://me@app.example.com"}})) // want `option CORS: origin "https://me@app.example.com" is more than scheme, host and port; leave out what stands around them`
		})},
		{"origin with a query", "browsers send none", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com?x"}})) // want `option CORS: origin "https://app.example.com?x" is more than scheme, host and port; leave out what stands around them`
		})},
		{"origin in upper case", "browsers send lower case", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://App.example.com"}})) // want `option CORS: origin "https://App.example.com" is not as browsers send it; write it in lower case and ASCII`
		})},
		{"origin with an umlaut", "browsers send ASCII", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://bücher.example"}})) // want `option CORS: origin "https://bücher.example" is not as browsers send it; write it in lower case and ASCII`
		})},
		{"origin with an empty scheme", "nothing sends it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"://app.example.com"}})) // want `option CORS: origin "://app.example.com" has no scheme; write one such as "https://app.example.com"`
		})},
		{"origin with a wild scheme", "plain http would do", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"*://app.example.com"}})) // want `option CORS: origin "*://app.example.com" has no scheme; write one such as "https://app.example.com"`
		})},
		{"origin with the usual port", "browsers leave it out", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com:443"}})) // want `option CORS: origin "https://app.example.com:443" has the port that browsers leave out; leave it out`
		})},
		{"origin with port zero", "no connection has it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com:0"}})) // want `option CORS: origin "https://app.example.com:0" has no right port; write a number from 1 to 65535`
		})},
		{"origin with a wild port", "any program of the host could be it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.example.com:*"}})) // want `option CORS: origin "https://app.example.com:*" has no right port; write a number from 1 to 65535`
		})},
		{"origin without a host", "nothing sends it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://"}})) // want `option CORS: origin "https://" has no host; write one such as "https://app.example.com"`
		})},
		{"origin with a wild part", "it matches names that others register", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app*.example.com"}})) // want `option CORS: origin "https://app*.example.com" has a * that is no whole first label; write one such as "https://*.example.com"`
		})},
		{"origin with a wild middle", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app.*.example.com"}})) // want `option CORS: origin "https://app.*.example.com" has a * that is no whole first label; write one such as "https://*.example.com"`
		})},
		{"origin of a top-level domain", "anyone can register below it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://*.com"}})) // want `option CORS: origin "https://*.com" would allow a whole top-level domain; name the domain that is yours`
		})},
		{"origin of every host", "it is every origin", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://*"}})) // want `option CORS: origin "https://*" has a * that is no whole first label; write one such as "https://*.example.com"`
		})},
		{"origin with an empty label", "no host has one", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://app..example.com"}})) // want `option CORS: origin "https://app..example.com" has no right host; write one such as "https://app.example.com"`
		})},
		{"origin with a bad address", "no address", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"http://[::g]:8080"}})) // want `option CORS: origin "http://[::g]:8080" has no right address in brackets; write one such as "http://[::1]:8080"`
		})},
		{"origin with text after an address", "no port", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"http://[::1]8080"}})) // want `option CORS: origin "http://[::1]8080" has text after the address; write a colon and the port`
		})},
		{"origin with a space", "no origin has one", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://a.example https://b.example"}})) // want `option CORS: origin "https://a.example https://b.example" is more than scheme, host and port; leave out what stands around them`
		})},
		{"every origin with credentials", "every site could act as the user", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"*"}, Credentials: true})) // want `option CORS: origin "*" with Credentials would let every site act as the user; name the origins, or leave Credentials out`
		})},
		{"every origin and one", "a slip", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"*", "https://a.example"}})) // want `option CORS: origin "*" is every origin already; give it alone`
		})},
		{"every origin and a function", "it would never be asked", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"*"}, AllowOrigin: anyOrigin})) // want `option CORS: origin "*" is every origin already; give it alone`
		})},
		{"origin twice", "a slip", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: []string{"https://a.example", "https://a.example"}})) // want `option CORS: origin "https://a.example" is given twice; name it once`
		})},
		{"every header with credentials", "browsers take it for a name", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: list, Headers: []string{"*"}, Credentials: true})) // want `option CORS: header "*" means nothing to browsers with Credentials; name the headers`
		})},
		{"header that is no name", "no request can have it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: list, Headers: []string{"X-A, X-B"}})) // want `option CORS: "X-A, X-B" is not the name of a header; write one such as "X-Trace"`
		})},
		{"exposed header that is no name", "no answer can have it", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: list, ExposeHeaders: []string{""}})) // want `option CORS: "" is not the name of a header; write one such as "X-Trace"`
		})},
		{"MaxAge below a second", "browsers count seconds", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: list, MaxAge: time.Millisecond})) // want `option CORS: MaxAge 1ms is no number of seconds; write whole seconds, or 0 to leave it to the browser`
		})},
		{"negative MaxAge", "it has passed", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Origins: list, MaxAge: -time.Second})) // want `option CORS: MaxAge -1s is no number of seconds; write whole seconds, or 0 to leave it to the browser`
		})},
		{"credentials of nobody", "no origin is allowed", on(func(api *endpoint.API) {
			api.Get("x", ok, allow(endpoint.CORSConfig{Credentials: true})) // want `option CORS: no origin is allowed, so nothing else matters; give Origins or AllowOrigin`
		})},
	}
}

type (
	noActions struct{}
	pointed   struct{}
	unbound   struct{}
	odd       struct{}
)

// Index has a pointer receiver.
func (*pointed) Index() string { return "" }

// Get has nothing for the id.
func (unbound) Get() string { return "" }

// Create returns too much.
func (odd) Create() (string, string) { return "", "" }

// resources are values that cannot be one.
func resources() []Case {
	return []Case{
		{"nil resource", "it has no methods", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", nil)) // want `the resource is nil; give a value with methods such as Index and Get`
		})},
		{"resource without methods", "it serves nothing", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", noActions{})) // want `shape.noActions has none of the methods Index, Create, Get, Update and Delete; write those that it serves`
		})},
		{"resource by value", "its methods have a pointer receiver", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", pointed{})) // want `shape.pointed has the methods of a resource only as *shape.pointed; give a pointer to it`
		})},
		{"resource that is a nil pointer", "its methods would panic", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", (*pointed)(nil))) // want `the resource is a nil *shape.pointed; give a pointer to a value`
		})},
		{"resource without the id", "nothing takes it", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", unbound{})) // want `path parameter "id" is bound by nothing; add a field tagged path:"id", a parameter by position, or take an *endpoint.Request`
		})},
		{"resource with a wrong result", "as of any handler", on(func(api *endpoint.API) {
			api.Add(endpoint.Resource("notes", odd{})) // want `the handler returns (string, string); return nothing, error, T, or (T, error)`
		})},
	}
}

// dialects are dialects at the wrong place.
func dialects() []Case {
	return []Case{
		{"dialect of an endpoint", "it is how an API answers", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Skygear()) // want `option Skygear makes no sense at an endpoint; give it to New`
		})},
		{"dialect of a group", "likewise", on(func(api *endpoint.API) {
			g := api.Group("v1", endpoint.Dara()) // want `option Dara makes no sense at Group; give it to New`
			g.Get("x", ok, endpoint.Public())
		})},
		{"dialect without users", "its endpoints require one", with(func() *endpoint.API {
			api := endpoint.New(endpoint.Dara())
			api.Get("x", ok) // want `option UserRequired: nothing can tell who a request acts for, so it would always be refused; add the option Auth with an authenticator`
			return api
		})},
	}
}
