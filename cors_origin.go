package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// checkOrigin splits an origin and reports one that no browser sends, or that
// allows more than it seems to.
func checkOrigin(o string) (scheme, host string, err error) {
	if o == "null" {
		return "", "", errors.New(`origin "null" is sent by every sandboxed page and file; name the origin that the page is served from`)
	}
	scheme, host, ok := strings.Cut(o, "://")
	if !ok {
		return "", "", fmt.Errorf("origin %q has no scheme, so that a plain http page would do; write one such as \"https://app.example.com\" or \"https://*.example.com\"", o)
	}
	if strings.ContainsAny(host, "/?#@\\ ") {
		return "", "", fmt.Errorf("origin %q is more than scheme, host and port; leave out what stands around them", o)
	}
	for i := range len(o) {
		if c := o[i]; 'A' <= c && c <= 'Z' || c <= ' ' || c >= 0x7f {
			return "", "", fmt.Errorf("origin %q is not as browsers send it; write it in lower case and ASCII", o)
		}
	}
	if !isScheme(scheme) {
		return "", "", fmt.Errorf("origin %q has no scheme; write one such as \"https://app.example.com\"", o)
	}
	return scheme, host, checkHost(o, scheme, host)
}

// isScheme reports whether s is the scheme of a URL.
func isScheme(s string) bool {
	return s != "" && 'a' <= s[0] && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// checkHost checks host and port of an origin.
func checkHost(o, scheme, host string) error {
	var name, port string
	var hasPort bool
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']') + 1
		if addr, err := netip.ParseAddr(strings.Trim(host[:end], "[]")); err != nil || !addr.Is6() || addr.Zone() != "" {
			return fmt.Errorf("origin %q has no right address in brackets; write one such as \"http://[::1]:8080\"", o)
		}
		if port, hasPort = strings.CutPrefix(host[end:], ":"); !hasPort && host[end:] != "" {
			return fmt.Errorf("origin %q has text after the address; write a colon and the port", o)
		}
	} else {
		name, port, hasPort = strings.Cut(host, ":")
	}
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0 || strconv.FormatUint(n, 10) != port) {
		return fmt.Errorf("origin %q has no right port; write a number from 1 to 65535", o)
	}
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return fmt.Errorf("origin %q has the port that browsers leave out; leave it out", o)
	}
	if name == "" && !strings.HasPrefix(host, "[") {
		return fmt.Errorf("origin %q has no host; write one such as \"https://app.example.com\"", o)
	}
	return checkHostName(o, name)
}

// checkHostName checks the name of a host, which may begin with "*.".
func checkHostName(o, name string) error {
	domain, family := strings.CutPrefix(name, "*.")
	if strings.Contains(domain, "*") {
		return fmt.Errorf("origin %q has a * that is no whole first label; write one such as \"https://*.example.com\"", o)
	}
	if family && domain != "localhost" && !strings.Contains(strings.Trim(domain, "."), ".") {
		return fmt.Errorf("origin %q would allow a whole top-level domain; name the domain that is yours", o)
	}
	if name != "" && !isHostName(domain) {
		return fmt.Errorf("origin %q has no right host; write one such as \"https://app.example.com\"", o)
	}
	return nil
}

// isHostName reports whether s is labels of letters, digits, - and _, in lower case.
func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
