package endpoint

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seed217079a1/endpoint/internal/route"
)

// sameSite reports whether the request comes from our own pages, or from no
// page. All that the browser says has to agree: [http.CrossOriginProtection]
// would let GET through, ignore the scheme, and take a missing Origin for ours.
func (r *Request) sameSite() bool {
	switch list := r.Header["Sec-Fetch-Site"]; {
	case len(list) == 0:
	case len(list) > 1 || list[0] != "same-origin" && list[0] != "none":
		return false
	}
	return r.ours(r.Header["Origin"]) && r.ours(r.Header["Referer"])
}

// ours reports whether a field that is sent names an origin of ours.
func (r *Request) ours(values []string) bool {
	if len(values) == 0 {
		return true
	}
	u, err := url.Parse(values[0])
	if err != nil || len(values) > 1 || !isWeb(strings.ToLower(u.Scheme)) || u.Host == "" || u.User != nil {
		return false
	}
	origin := originOf(u)
	return origin == r.Origin() || origin == r.AppOrigin()
}

// privatePath are the segments before the key of a private API.
const (
	privateFirst  = "_"
	privateSecond = "private_api"
)

// isPrivate reports whether a path lies in the private place.
func isPrivate(path route.Path) bool {
	return path.Len() >= 2 && path.Segment(0) == privateFirst && path.Segment(1) == privateSecond
}

// publicPath returns the path that a private one stands for; ok is false if
// the key is wrong.
func (t *table) publicPath(r *http.Request, path route.Path) (public route.Path, ok bool) {
	key := ""
	if path.Len() > 2 {
		key = path.Segment(2)
	}
	if !t.settings.network.private.matches(key) {
		return path, false
	}
	raw := ""
	if parts := strings.SplitN(r.URL.EscapedPath(), "/", 5); len(parts) == 5 {
		raw = "/" + parts[4]
	}
	if t.prefixLen > 0 {
		prefix, _ := t.prefix.Expand() // it has no parameters
		raw = prefix + raw
	}
	plain, err := url.PathUnescape(raw)
	if err != nil {
		return path, false
	}
	public, err = route.Split(plain, raw)
	return public, err == nil
}

// isPrivate reports whether the request came through the private place.
func (c *call) isPrivate() bool {
	if c.table == nil || c.table.settings.network.private == nil {
		return false
	}
	path, err := route.Split(c.r.URL.Path, c.r.URL.RawPath)
	return err == nil && isPrivate(path)
}
