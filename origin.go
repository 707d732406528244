package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// network is what the options of this file set.
type network struct {
	external string // origin of ExternalURL, "" for none
	proxies  []netip.Prefix
	private  *secret // nil for none
}

// ExternalURL says where the service is reached from outside, such as
// "https://app.example", where that is not what requests say. The default is
// [Request.Origin].
func ExternalURL(u string) Option {
	return Option{"ExternalURL", onAPI, func(s *settings) error {
		parsed, err := url.Parse(u)
		if strings.Contains(u, "@") {
			return errors.New("the URL has a user; write one such as \"https://app.example\"") // not repeated: it may be a secret
		}
		if err != nil || !isWeb(parsed.Scheme) || parsed.Host == "" {
			return fmt.Errorf("%q is not the URL of a web site; write one such as \"https://app.example\"", u)
		}
		s.network.external = originOf(parsed)
		return nil
	}}
}

// TrustedProxies names the addresses of proxies whose Forwarded,
// X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and X-Request-Id are
// believed. Where Forwarded and X-Forwarded disagree neither is. The default
// is none: such header fields are then what a client made up.
func TrustedProxies(prefixes ...netip.Prefix) Option {
	return Option{"TrustedProxies", onAPI, func(s *settings) error {
		for i, p := range prefixes {
			if !p.IsValid() {
				return fmt.Errorf("prefix %d is invalid; make it with netip.ParsePrefix", i+1)
			}
		}
		s.network.proxies = slices.Clone(prefixes)
		return nil
	}}
}

// PrivateKey serves the API also below /_/private_api/<key>/, in place of
// [Prefix]; another key there is answered with 403. The key appears in no log,
// pattern or description of the library's own, but it is part of the URL, which
// others may log.
func PrivateKey(key string) Option {
	return Option{"PrivateKey", onAPI, func(s *settings) error {
		if key == "" || strings.Contains(key, "/") {
			return errors.New("the key is empty or has a slash; write a long random text")
		}
		hash := secretOf(key)
		s.network.private = &hash
		return nil
	}}
}

// isWeb reports whether a scheme is one of web sites.
func isWeb(scheme string) bool { return scheme == "http" || scheme == "https" }

// originOf returns the origin of a URL as browsers write it.
func originOf(u *url.URL) string { return normalOrigin(u.Scheme, u.Host) }

// normalOrigin writes an origin in lower case and without the scheme's own port.
func normalOrigin(scheme, host string) string {
	scheme, host = strings.ToLower(scheme), strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}

// Origin returns scheme://host that the client is connected to, as the
// connection and the Host field say, or [TrustedProxies]. It has no path and no
// slash at its end.
func (r *Request) Origin() string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if r.call != nil && r.call.trusted(r.Request) {
		f := forwardedOf(r.Header)
		if f.proto != "" {
			scheme = f.proto
		}
		if f.host != "" {
			host = f.host
		}
	}
	return normalOrigin(scheme, host)
}

// APIOrigin returns [Request.Origin] followed by where the API is mounted and
// its [Prefix], so that a path of the API can be appended.
func (r *Request) APIOrigin() string {
	if r.call == nil {
		return r.Origin()
	}
	prefix := ""
	if t := r.call.table; t != nil && t.prefixLen > 0 {
		prefix, _ = t.prefix.Expand() // it has no parameters
	}
	mount := ""
	if !r.call.isPrivate() {
		mount, _ = mountOf(r.Request) // "" if it is not to be trusted
	}
	return r.Origin() + mount + prefix
}

// AppOrigin returns the origin of [ExternalURL], or else [Request.Origin].
func (r *Request) AppOrigin() string {
	if r.call != nil && r.call.settings.network.external != "" {
		return r.call.settings.network.external
	}
	return r.Origin()
}

// trusted reports whether the request comes from a trusted proxy.
func (c *call) trusted(r *http.Request) bool {
	proxies := c.settings.network.proxies
	return len(proxies) > 0 && isProxy(proxies, peerOf(r))
}

func isProxy(proxies []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// peerOf returns the address that the request came from, the zero one if the
// server does not say.
func peerOf(r *http.Request) netip.Addr { return addressOf(r.RemoteAddr) }

// addressOf reads an address, with or without a port.
func addressOf(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// RemoteAddress returns the address of the client: of the connection, or the
// first from the right in Forwarded or X-Forwarded-For that is not of a
// trusted proxy. Where a proxy names no address it is that of the proxy. It is
// the zero Addr if the server knows none.
func (r *Request) RemoteAddress() netip.Addr {
	peer := peerOf(r.Request)
	if r.call == nil || !r.call.trusted(r.Request) {
		return peer
	}
	proxies := r.call.settings.network.proxies
	standard, plain := forwardedFor(r.Header), splitList(r.Header["X-Forwarded-For"])
	if len(standard) == 0 {
		return firstUntrusted(proxies, plain, peer)
	}
	a := firstUntrusted(proxies, standard, peer)
	if len(plain) > 0 && firstUntrusted(proxies, plain, peer) != a {
		return peer
	}
	return a
}

// firstUntrusted walks a list of hops from the right.
func firstUntrusted(proxies []netip.Prefix, hops []string, peer netip.Addr) netip.Addr {
	last := peer
	for _, hop := range slices.Backward(hops) {
		a := addressOf(hop)
		if !a.IsValid() {
			return last
		}
		last = a
		if !isProxy(proxies, a) {
			return a
		}
	}
	return last
}

// splitList splits header fields that are lists.
func splitList(fields []string) []string {
	var list []string
	for _, f := range fields {
		for item := range strings.SplitSeq(f, ",") {
			list = append(list, strings.TrimSpace(item))
		}
	}
	return list
}

// forwarded is what proxies say of the connection of the client.
type forwarded struct{ proto, host string }

// forwardedOf reads what the nearest proxy says; what is malformed, or said
// twice and differently, is left out.
func forwardedOf(h http.Header) forwarded {
	var f forwarded
	protos, hosts := splitList(h["X-Forwarded-Proto"]), splitList(h["X-Forwarded-Host"])
	if n := len(protos); n > 0 {
		f.proto = strings.ToLower(protos[n-1])
	}
	if n := len(hosts); n > 0 {
		f.host = hosts[n-1]
	}
	if list := forwardedElements(h["Forwarded"]); len(list) > 0 {
		e := list[len(list)-1]
		f.proto = agreed(f.proto, strings.ToLower(e["proto"]))
		f.host = agreed(f.host, e["host"])
	}
	if !isWeb(f.proto) {
		f.proto = ""
	}
	if !isHost(f.host) {
		f.host = ""
	}
	return f
}

// agreed returns what one or both of two say, "" if they disagree.
func agreed(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || strings.EqualFold(a, b):
		return a
	}
	return ""
}

// isHost reports whether s is a host name or address, with or without a port.
func isHost(s string) bool {
	if len(s) > 255 {
		return false
	}
	name := s
	if _, port, err := net.SplitHostPort(s); err == nil {
		if port == "" || strings.ContainsFunc(port, func(c rune) bool { return c < '0' || c > '9' }) {
			return false
		}
		name = strings.TrimSuffix(s, ":"+port)
	}
	if inside, ok := strings.CutPrefix(name, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		a, err := netip.ParseAddr(inside)
		return ok && err == nil && a.Is6() && a.Zone() == ""
	}
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && !strings.ContainsRune("-._", c)
	}
	return name != "" && !strings.ContainsFunc(name, other)
}

// forwardedFor returns the addresses that Forwarded fields name.
func forwardedFor(h http.Header) []string {
	var list []string
	for _, e := range forwardedElements(h["Forwarded"]) {
		list = append(list, e["for"])
	}
	return list
}

// forwardedElements reads Forwarded fields (RFC 7239), nil if any is malformed.
func forwardedElements(fields []string) []map[string]string {
	var list []map[string]string
	for _, f := range fields {
		for element := range splitQuoted(f, ',') {
			pairs := map[string]string{}
			for pair := range splitQuoted(element, ';') {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if text, quoted := strings.CutPrefix(value, `"`); quoted {
					text, closed := strings.CutSuffix(text, `"`)
					ok = ok && closed
					value = text
				}
				name = strings.ToLower(name)
				if _, twice := pairs[name]; !ok || twice || strings.ContainsAny(value, `"\`) {
					return nil
				}
				pairs[name] = value
			}
			list = append(list, pairs)
		}
	}
	return list
}

// splitQuoted splits at a separator outside quotes.
func splitQuoted(s string, separator byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		quoted, start := false, 0
		for i := range len(s) {
			switch {
			case s[i] == '"':
				quoted = !quoted
			case s[i] == separator && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}
