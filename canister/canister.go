package canister

import (
	"context"
	"net/http"
	"slices"

	"github.com/seed217079a1/endpoint"
)

// A Func answers a request: the half of a canister that queries, or the half
// that updates. Its context leads [State.Get] and [State.Edit] to what this
// call sees. An error is answered as that of any handler of package endpoint.
type Func func(ctx context.Context, req HTTPRequest) (HTTPResponse, error)

// A Service is the two halves of a canister.
type Service struct {
	// Query gets every request first, whatever its method. Queries run
	// concurrently and cannot change a [State].
	Query Func
	// Update gets the request again if Query answered Upgrade. Updates run one
	// after another; what one changed is kept only if it succeeds. Without it
	// such a request is a 501.
	Update Func
	// Upgrades says that Query may ask for Update: a Service without Update is
	// then reported by Compile, and not by a request.
	Upgrades bool
}

// A HeaderField is one line of a header.
type HeaderField struct{ Name, Value string }

// An HTTPRequest is a request as a canister gets it.
type HTTPRequest struct {
	Method string // in upper case, unless the client invented its own
	URL    string // path and query as on the request line, still escaped
	// Headers has names in lower case, as gateways give them, Host included.
	// Names are sorted, because net/http forgets their order; repeats of one
	// name are in the order in which they came. "identity" is added to
	// Accept-Encoding, as gateways do.
	Headers []HeaderField
	Body    []byte // within the endpoint's MaxBody
	// CertificateVersion is the newest form of certification that the client
	// asks for: 2 for a query, as gateways have it, and 0, none, for an update.
	CertificateVersion uint16
}

// Header returns the first value of a header field, "" if there is none. Case
// does not matter.
func (r HTTPRequest) Header(name string) string { return header(r.Headers, name) }

// An HTTPResponse is the answer of a canister.
type HTTPResponse struct {
	StatusCode uint16 // 200 to 999; any other one is a logged 500
	// Headers is sent as it is, repeats included, but for fields that belong to
	// the connection. Without a Content-Type none is guessed.
	Headers []HeaderField
	Body    []byte
	// StreamingStrategy brings what follows Body; nil: nothing follows.
	StreamingStrategy StreamingStrategy
	// Upgrade of a query discards the whole response and runs the update. That
	// of an update is ignored.
	Upgrade bool
}

// Handle registers a service for path and all methods, OPTIONS and HEAD
// included. What is wrong with the service is reported by Compile, with all
// other faults of the API.
//
//go:noinline
func Handle(api *endpoint.API, path string, s Service, opts ...endpoint.Option) *endpoint.Endpoint {
	opts = slices.Concat([]endpoint.Option{endpoint.Methods("*")}, opts)
	if fault := s.fault(); fault != "" {
		return api.Handle(path, serviceFault(fault), opts...)
	}
	return api.Handle(path, newCanister(s).serve, opts...)
}

// serviceFault is what is wrong with a Service; endpoint reports a handler that
// is an error when it compiles.
type serviceFault string

func (f serviceFault) Error() string { return string(f) }

// fault returns what is wrong with the service, "" for nothing.
func (s Service) fault() string {
	switch {
	case s.Query == nil:
		return "the service has no Query, which gets every request first; give one"
	case s.Upgrades && s.Update == nil:
		return "the service says Upgrades but has no Update; give one, or leave Upgrades out"
	}
	return ""
}

// serve answers a request. Whatever becomes of it, the answer has the header
// fields that a gateway adds.
func (c *canister) serve(w http.ResponseWriter, r *endpoint.Request) error {
	addCORS := gatewayCORS(w.Header())
	defer addCORS()
	body, err := r.BodyBytes()
	if err != nil {
		return err
	}
	ctx := context.WithValue(r.Context(), callKey{}, &call{canister: c, ended: true})
	resp, err := c.query(ctx, newRequest(r, body, certificateVersion))
	if err == nil && resp.Upgrade {
		resp, err = c.update(ctx, newRequest(r, body, 0))
	}
	if err != nil {
		return err
	}
	if r.Method == http.MethodOptions && !resp.isPreflight() && !decidesCORS(w.Header()) {
		resp = preflight()
	}
	if err := resp.check(); err != nil {
		return err
	}
	resp.setHeader(w.Header(), r.Method)
	addCORS()
	return resp.write(ctx, w, r.Method)
}

// query runs the half that queries.
func (c *canister) query(ctx context.Context, req HTTPRequest) (HTTPResponse, error) {
	q := &call{canister: c}
	defer q.end()
	return c.service.Query(context.WithValue(ctx, callKey{}, q), req)
}

// update runs the half that updates, alone, and commits what it changed.
func (c *canister) update(ctx context.Context, req HTTPRequest) (resp HTTPResponse, err error) {
	if c.service.Update == nil {
		return resp, endpoint.Errorf(http.StatusNotImplemented, "this service has no update for the request")
	}
	if err := c.turn.take(ctx); err != nil {
		return resp, err
	}
	defer c.turn.give()
	u := &call{canister: c, update: true, ctx: ctx}
	defer u.end()
	if resp, err = c.service.Update(context.WithValue(ctx, callKey{}, u), req); err != nil {
		return resp, err
	}
	// An answer that cannot be sent is no success.
	if err := resp.check(); err != nil {
		return resp, err
	}
	return resp, u.commit()
}
