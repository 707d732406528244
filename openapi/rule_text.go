package openapi

import (
	"reflect"
	"regexp"
	"strings"
)

// textPatterns are rules of texts that an expression says, in the words that
// RE2 and ECMAScript share.
func textPattern(name string) string {
	switch name {
	case "alpha":
		return `^[a-zA-Z]+$`
	case "alphanum":
		return `^[a-zA-Z0-9]+$`
	case "numeric":
		return `^[-+]?[0-9]+(?:\.[0-9]+)?$`
	case "number":
		return `^[0-9]+$`
	case "hexadecimal":
		return `^(0[xX])?[0-9a-fA-F]+$`
	case "ascii":
		return `^[\x00-\x7F]*$`
	case "printascii":
		return `^[\x20-\x7E]*$`
	case "hexcolor":
		return `^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`
	case "e164":
		return `^\+[1-9]?[0-9]{7,14}$`
	case "uuid3":
		return `^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`
	case "uuid4":
		return `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	case "uuid5":
		return `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	case "ulid":
		return `^[A-HJKMNP-TV-Za-hjkmnp-tv-z0-9]{26}$`
	case "md5":
		return `^[0-9a-f]{32}$`
	case "sha256":
		return `^[0-9a-f]{64}$`
	}
	return ""
}

// textFormat is the format of JSON Schema that a rule of texts is.
func textFormat(name, param string) string {
	switch name {
	case "email":
		return "email"
	case "url", "http_url", "https_url", "uri":
		return "uri"
	case "uuid", "uuid_rfc4122":
		return "uuid"
	case "ipv4", "ip4_addr":
		return "ipv4"
	case "ipv6", "ip6_addr":
		return "ipv6"
	case "hostname", "hostname_rfc1123", "fqdn":
		return "hostname"
	case "datetime":
		switch param {
		case "2006-01-02":
			return "date"
		case "2006-01-02T15:04:05Z07:00":
			return "date-time"
		}
	}
	return ""
}

func (s *schema) textRule(t reflect.Type, name, param string) bool {
	switch name {
	case "eq":
		s.restrict([]any{param})
		return true
	case "oneof":
		s.restrict(texts(words(param)))
		return true
	case "isdefault":
		s.restrict([]any{""})
		return true
	case "boolean":
		s.restrict(texts(strings.Fields("1 t T TRUE true True 0 f F FALSE false False")))
		return true
	case "ne":
		return s.exclude(param)
	}
	if s.comp != nil {
		return false
	}
	if least, most, ok := lengths(name, param); ok {
		s.minLength = cmpOr(least, s.minLength)
		s.maxLength = cmpOr(most, s.maxLength)
		return true
	}
	if f := textFormat(name, param); f != "" {
		s.addFormat(f)
		return name != "http_url" && name != "https_url" && name != "fqdn"
	}
	if p := textPattern(name); p != "" {
		s.addPattern(p)
		return true
	}
	quoted := regexp.QuoteMeta(param)
	switch name {
	case "ip", "ip_addr":
		return s.alternatives(t, []string{"ipv4", "ipv6"})
	case "startswith":
		s.addPattern("^" + quoted)
	case "endswith":
		s.addPattern(quoted + "$")
	case "contains":
		s.addPattern(quoted)
	case "containsrune":
		s.addPattern(quoted)
	case "startsnotwith":
		return s.excludePattern("^" + quoted)
	case "endsnotwith":
		return s.excludePattern(quoted + "$")
	case "excludes":
		return s.excludePattern(quoted)
	default:
		return false
	}
	return true
}

func (s *schema) addFormat(format string) {
	if s.format == "" {
		s.format = format
		return
	}
	s.allOf = append(s.allOf, &schema{kind: s.kind, format: format})
}

func (s *schema) addPattern(pattern string) {
	if s.pattern == "" {
		s.pattern = pattern
		return
	}
	s.allOf = append(s.allOf, &schema{kind: s.kind, pattern: pattern})
}

func (s *schema) excludePattern(pattern string) bool {
	if s.not != nil {
		return false
	}
	s.not = &schema{pattern: pattern}
	return true
}
