package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// maxSent is how many bytes the body of a request may have that a script makes.
const maxSent = 1 << 20

// AllowHTTP lets scripts make requests to some origins, with the module http.
// Default: none. The host makes them: redirects are followed only to allowed
// origins, answers have at most Limits.Output bytes, no proxy is used, and
// addresses that are not public are refused.
//
// An entry is an origin such as "https://api.example.com" or
// "http://10.0.0.7:8080", whose address is then allowed too, or a prefix such
// as "10.0.0.0/8", which allows names of allowed origins to have addresses in
// it. The option may be given more than once.
func AllowHTTP(allowed ...string) Option {
	return option(func(h *host) error {
		var faults []error
		for _, entry := range allowed {
			faults = append(faults, h.fetcher.allow(entry))
		}
		return errors.Join(faults...)
	})
}

// An outgoing is a request that a script makes.
type outgoing struct {
	method, url string
	header      []string // names and values in turn
	body        []byte
}

// An incoming is the answer to one.
type incoming struct {
	status int
	header []string // names and values in turn
	body   []byte
}

// A fetcher makes requests of scripts. It is not changed after newEngine.
type fetcher struct {
	origins  []string
	prefixes []netip.Prefix
	client   *http.Client
	output   int
}

func (f *fetcher) allow(entry string) error {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		f.prefixes = append(f.prefixes, prefix)
		return nil
	}
	u, err := url.Parse(entry)
	if err != nil || originOf(u) == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("script: AllowHTTP: %q is no origin; write one like \"https://api.example.com\", or a prefix of addresses like \"10.0.0.0/8\"", entry)
	}
	f.origins = append(f.origins, originOf(u))
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		f.prefixes = append(f.prefixes, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
	}
	return nil
}

// originOf returns scheme, host and port in one form, "" if there is none.
func originOf(u *url.URL) string {
	port := u.Port()
	switch {
	case u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return ""
	case port == "" && u.Scheme == "http":
		port = "80"
	case port == "":
		port = "443"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// limit sets the limits and makes the client.
func (f *fetcher) limit(l Limits) {
	f.output = l.Output
	dialer := &net.Dialer{ControlContext: f.checkAddress}
	f.client = &http.Client{
		CheckRedirect: f.checkRedirect,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			MaxResponseHeaderBytes: maxHeader,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true, // no connection outlives its call
		},
	}
}

// checkAddress refuses addresses that are not public. It sees the address that
// is connected to, so that a name cannot stand for another one.
func (f *fetcher) checkAddress(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := to.Addr().Unmap().WithZone("")
	if isPublic(ip) || slices.ContainsFunc(f.prefixes, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return nil
	}
	return fmt.Errorf("the address %v is not public; the host allows it with AllowHTTP(\"%v/%d\")", ip, ip, ip.BitLen())
}

// isPublic reports whether an address belongs to the public Internet.
func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, special := range notPublic {
		if netip.MustParsePrefix(special).Contains(ip) {
			return false
		}
	}
	return true
}

// notPublic is the special prefixes that netip has no question for: this
// network, carriers' own, protocol assignments, documentation, benchmarks,
// reserved; and those of IPv6 that stand for IPv4 addresses.
var notPublic = []string{
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
}

func (f *fetcher) checkRedirect(r *http.Request, before []*http.Request) error {
	const most = 5
	if len(before) > most {
		return fmt.Errorf("more than %d redirects", most)
	}
	return f.checkURL(r.URL)
}

func (f *fetcher) checkURL(u *url.URL) error {
	switch origin := originOf(u); {
	case len(f.origins) == 0:
		return errors.New("requests are off; the host allows them with AllowHTTP")
	case origin == "":
		return errors.New("the URL has to begin with http:// or https:// and a host")
	case !slices.Contains(f.origins, origin):
		return fmt.Errorf("requests to %s are not allowed; the host allows them with AllowHTTP", origin)
	case u.User != nil:
		return errors.New("the URL has a name or a password; send a header field instead")
	}
	return nil
}

// do makes a request. An error tells the script's owner why it was not made.
func (f *fetcher) do(ctx context.Context, out *outgoing) (*incoming, error) {
	r, err := f.request(ctx, out)
	if err != nil {
		return nil, err
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(f.output)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > f.output {
		return nil, fmt.Errorf("the answer has more than %d bytes", f.output)
	}
	in := &incoming{status: answer.StatusCode, body: body}
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		for _, value := range answer.Header[name] {
			in.header = append(in.header, name, value)
		}
	}
	return in, nil
}

// ownFields is the header fields that the host sets itself.
var ownFields = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func (f *fetcher) request(ctx context.Context, out *outgoing) (*http.Request, error) {
	if !isToken(out.method) || strings.EqualFold(out.method, http.MethodConnect) {
		return nil, fmt.Errorf("the method %.40q cannot be used", out.method)
	}
	r, err := http.NewRequestWithContext(ctx, out.method, out.url, bytes.NewReader(out.body))
	if err != nil {
		return nil, errors.New("the URL is not valid")
	}
	if err := f.checkURL(r.URL); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(out.header); i += 2 {
		name := http.CanonicalHeaderKey(out.header[i])
		if slices.Contains(ownFields, name) {
			return nil, fmt.Errorf("the header field %s is set by the host", name)
		}
		r.Header.Add(name, out.header[i+1])
	}
	return r, nil
}
