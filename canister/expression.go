package canister

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Expression is the value of the header field IC-CertificateExpression: it
// says what of a request and its response is certified. The zero Expression
// certifies every header field of the response and nothing of the request.
type Expression struct {
	Skip     bool // nothing is certified; the rest does not count
	Request  *RequestCertification
	Response ResponseCertification
}

// RequestCertification is what of a request is certified beside its method and
// body. A nil pointer to it means: nothing of the request.
type RequestCertification struct {
	Headers []string // names of header fields
	Query   []string // names of query parameters
}

// ResponseCertification is what of a response is certified beside its status
// and body.
type ResponseCertification struct {
	Only    bool     // Headers are those certified, instead of those left out
	Headers []string // names; never those of certification itself
}

// Field returns the header field, or the error of [Expression.Text].
func (e Expression) Field() (HeaderField, error) {
	text, err := e.Text()
	return HeaderField{CertificateExpressionHeader, text}, err
}

// Text returns the value of the header field, without white space, as the
// specification has it: its hash is part of what is certified. A name with a
// quote or a control character, and a response field of certification itself,
// is an error.
func (e Expression) Text() (string, error) {
	if e.Skip {
		return "default_certification(ValidationArgs{no_certification:Empty{}})", nil
	}
	if err := e.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("default_certification(ValidationArgs{certification:Certification{")
	if e.Request == nil {
		b.WriteString("no_request_certification:Empty{}")
	} else {
		b.WriteString("request_certification:RequestCertification{certified_request_headers:")
		writeList(&b, e.Request.Headers)
		b.WriteString(",certified_query_parameters:")
		writeList(&b, e.Request.Query)
		b.WriteByte('}')
	}
	b.WriteString(",response_certification:ResponseCertification{")
	if e.Response.Only {
		b.WriteString("certified_response_headers:")
	} else {
		b.WriteString("response_header_exclusions:")
	}
	b.WriteString("ResponseHeaderList{headers:")
	writeList(&b, e.Response.Headers)
	b.WriteString("}}}})")
	return b.String(), nil
}

// check reports names that cannot stand in an expression.
func (e Expression) check() error {
	names := e.Response.Headers
	for _, name := range names {
		if strings.EqualFold(name, CertificateHeader) || strings.EqualFold(name, CertificateExpressionHeader) {
			return fmt.Errorf("canister: %s cannot name %q; leave it out", CertificateExpressionHeader, name)
		}
	}
	if e.Request != nil {
		names = slices.Concat(names, e.Request.Headers, e.Request.Query)
	}
	for _, name := range names {
		if strings.Contains(name, `"`) || !isFieldValue(name) {
			return fmt.Errorf("canister: %s cannot hold the name %q; a name has no quotes and no control characters", CertificateExpressionHeader, name)
		}
	}
	return nil
}

func writeList(b *strings.Builder, names []string) {
	b.WriteByte('[')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `"`)
	}
	b.WriteByte(']')
}

// ParseExpression parses the value of the header field
// IC-CertificateExpression. White space between its tokens is ignored, as the
// specification allows; everything else has to be as [Expression.Text] writes it.
func ParseExpression(value string) (Expression, error) {
	p := expressionParser{text: value}
	e, err := p.expression()
	if err == nil && p.peek() != "" {
		err = p.fault("the end")
	}
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return Expression{}, err
	}
	return e, nil
}

// An expressionParser reads tokens: names, strings with their quotes, and
// single characters.
type expressionParser struct {
	text string
	at   int // of the next token, once blanks are skipped
}

func (p *expressionParser) expression() (e Expression, err error) {
	if err = p.expect("default_certification", "(", "ValidationArgs", "{"); err != nil {
		return e, err
	}
	if p.accept("no_certification") {
		e.Skip = true
		return e, p.expect(":", "Empty", "{", "}", "}", ")")
	}
	if err = p.expect("certification", ":", "Certification", "{"); err != nil {
		return e, err
	}
	if e.Request, err = p.request(); err != nil {
		return e, err
	}
	if err = p.expect(",", "response_certification", ":", "ResponseCertification", "{"); err != nil {
		return e, err
	}
	if e.Response, err = p.response(); err != nil {
		return e, err
	}
	return e, p.expect("}", "}", "}", ")")
}

func (p *expressionParser) request() (*RequestCertification, error) {
	if p.accept("no_request_certification") {
		return nil, p.expect(":", "Empty", "{", "}")
	}
	r := &RequestCertification{}
	err := p.expect("request_certification", ":", "RequestCertification", "{", "certified_request_headers", ":")
	if err == nil {
		r.Headers, err = p.list()
	}
	if err == nil {
		err = p.expect(",", "certified_query_parameters", ":")
	}
	if err == nil {
		r.Query, err = p.list()
	}
	if err == nil {
		err = p.expect("}")
	}
	return r, err
}

func (p *expressionParser) response() (r ResponseCertification, err error) {
	if p.accept("certified_response_headers") {
		r.Only = true
	} else if err = p.expect("response_header_exclusions"); err != nil {
		return r, err
	}
	if err = p.expect(":", "ResponseHeaderList", "{", "headers", ":"); err != nil {
		return r, err
	}
	if r.Headers, err = p.list(); err != nil {
		return r, err
	}
	return r, p.expect("}")
}

// list reads ["a","b"]; an empty list is nil.
func (p *expressionParser) list() (names []string, err error) {
	if err := p.expect("["); err != nil {
		return nil, err
	}
	if p.accept("]") {
		return nil, nil
	}
	for {
		token := p.peek()
		if len(token) < 2 || token[0] != '"' {
			return nil, p.fault("a string in quotes")
		}
		p.at += len(token)
		names = append(names, token[1:len(token)-1])
		if p.accept("]") {
			return names, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

// expect reads tokens.
func (p *expressionParser) expect(tokens ...string) error {
	for _, token := range tokens {
		if !p.accept(token) {
			return p.fault(fmt.Sprintf("%q", token))
		}
	}
	return nil
}

// accept reads a token if it is the next one.
func (p *expressionParser) accept(token string) bool {
	if p.peek() != token {
		return false
	}
	p.at += len(token)
	return true
}

// peek returns the next token, "" at the end. A string without its end is a
// single quote.
func (p *expressionParser) peek() string {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	rest := p.text[p.at:]
	switch {
	case rest == "":
		return ""
	case rest[0] == '"':
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return rest[:1]
		}
		return rest[:end+2]
	}
	n := 0
	for n < len(rest) && (rest[n] == '_' || rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z') {
		n++
	}
	return rest[:max(n, 1)]
}

// errExpression is what all faults of an expression wrap.
var errExpression = errors.New("canister: " + CertificateExpressionHeader)

func (p *expressionParser) fault(want string) error {
	return fmt.Errorf("%w at byte %d: want %s", errExpression, p.at, want)
}
