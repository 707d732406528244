package canister_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/canister"
)

// TestCertificate builds and parses the field of a certificate.
func TestCertificate(t *testing.T) {
	tests := []struct {
		reason string
		value  canister.Certificate
		text   string
	}{
		{"version 2", canister.Certificate{Certificate: []byte("cert"), Tree: []byte("tree"), Version: 2, ExprPath: []byte("path")},
			"certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=2, expr_path=:cGF0aA==:"},
		{"version 1 needs no more", canister.Certificate{Certificate: []byte("cert"), Tree: []byte("tree")},
			"certificate=:Y2VydA==:, tree=:dHJlZQ==:"},
		{"nothing is something", canister.Certificate{Certificate: []byte{}, Tree: []byte{}, Version: 1},
			"certificate=::, tree=::, version=1"},
	}
	for _, tt := range tests {
		if got := tt.value.Field(); got != (field{"IC-Certificate", tt.text}) {
			t.Errorf("%s: built %v, want %s", tt.reason, got, tt.text)
		}
		got, err := canister.ParseCertificate(tt.text)
		if d := cmp.Diff(tt.value, got); err != nil || d != "" {
			t.Errorf("%s: parsed with %v (-want +got):\n%s", tt.reason, err, d)
		}
	}
}

// TestParseCertificate parses what others write, and refuses what is wrong.
func TestParseCertificate(t *testing.T) {
	tests := []struct {
		reason, text string
		want         string // of the error; "" is right
	}{
		{"another order, other blanks", "version=2,expr_path=:cGF0aA==:,\ttree=:dHJlZQ==:,certificate=:Y2VydA==:", ""},
		{"what is not known yet", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, new=1", ""},
		{"empty", "", `member "" has no value`},
		{"no tree", "certificate=:Y2VydA==:", "needs the members certificate and tree"},
		{"version 2 without a path", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=2", "needs the member expr_path"},
		{"a member twice", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, tree=:dHJlZQ==:", "stands twice"},
		{"no colons", "certificate=Y2VydA==, tree=:dHJlZQ==:", "base 64 between colons"},
		{"one colon", "certificate=:, tree=:dHJlZQ==:", "base 64 between colons"},
		{"no base 64", "certificate=:!:, tree=:dHJlZQ==:", "base 64 between colons"},
		{"bits that are lost", "certificate=:Y2VydB==:, tree=:dHJlZQ==:", "base 64 between colons"},
		{"a version that is none", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=two", "a number from 1"},
		{"version 0", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=0", "a number from 1"},
		{"a version too large", "certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=65536", "a number from 1"},
		{"a member without value", "certificate", "has no value"},
	}
	for _, tt := range tests {
		_, err := canister.ParseCertificate(tt.text)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.reason, err, tt.want)
		}
	}
}

// expressions are values and texts of the specification.
var expressions = []struct {
	reason string
	value  canister.Expression
	text   string
}{
	{"nothing is certified", canister.Expression{Skip: true},
		"default_certification(ValidationArgs{no_certification:Empty{}})"},
	{"the response alone, all fields", canister.Expression{},
		"default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:[]}}}})"},
	{"the response alone, two fields", canister.Expression{Response: canister.ResponseCertification{Only: true, Headers: []string{"content-type", "etag"}}},
		`default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},response_certification:ResponseCertification{certified_response_headers:ResponseHeaderList{headers:["content-type","etag"]}}}})`},
	{"the request too", canister.Expression{
		Request:  &canister.RequestCertification{Headers: []string{"host"}, Query: []string{"a", "b c"}},
		Response: canister.ResponseCertification{Headers: []string{"date"}}},
		`default_certification(ValidationArgs{certification:Certification{request_certification:RequestCertification{certified_request_headers:["host"],certified_query_parameters:["a","b c"]},response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:["date"]}}}})`},
	{"the request without fields", canister.Expression{Request: &canister.RequestCertification{}},
		"default_certification(ValidationArgs{certification:Certification{request_certification:RequestCertification{certified_request_headers:[],certified_query_parameters:[]},response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:[]}}}})"},
}

// TestExpression builds and parses the expressions of the specification.
func TestExpression(t *testing.T) {
	for _, tt := range expressions {
		if got, err := tt.value.Field(); err != nil || got != (field{"IC-CertificateExpression", tt.text}) {
			t.Errorf("%s: built %v, %v, want %s", tt.reason, got, err, tt.text)
		}
		spaced := strings.NewReplacer(":", ": ", ",", " ,\t", "{", " { ", "]", " ]").Replace(tt.text)
		for _, text := range []string{tt.text, spaced} {
			got, err := canister.ParseExpression(text)
			if d := cmp.Diff(tt.value, got); err != nil || d != "" {
				t.Errorf("%s: %s parsed with %v (-want +got):\n%s", tt.reason, text, err, d)
			}
		}
		for i := range len(tt.text) {
			if _, err := canister.ParseExpression(tt.text[:i]); err == nil {
				t.Errorf("%s: cut at byte %d is still one", tt.reason, i)
			}
		}
		if _, err := canister.ParseExpression(tt.text + "x"); err == nil {
			t.Errorf("%s: what follows is not seen", tt.reason)
		}
	}
}

// TestExpressionFaults checks names that no expression can hold.
func TestExpressionFaults(t *testing.T) {
	names := func(name string) canister.Expression {
		return canister.Expression{Response: canister.ResponseCertification{Only: true, Headers: []string{name}}}
	}
	tests := []struct {
		reason string
		value  canister.Expression
	}{
		{"a quote ends the string", names(`a"b`)},
		{"a line end ends the field", names("a\nb")},
		{"the certificate does not certify itself", names("ic-certificate")},
		{"nor does the expression", names("IC-CERTIFICATEEXPRESSION")},
		{"a parameter with a quote", canister.Expression{Request: &canister.RequestCertification{Query: []string{`"`}}}},
	}
	for _, tt := range tests {
		if text, err := tt.value.Text(); err == nil || text != "" {
			t.Errorf("%s: built %q", tt.reason, text)
		}
	}
	if _, err := canister.ParseExpression(strings.Replace(expressions[2].text, "etag", "IC-Certificate", 1)); err == nil {
		t.Error("a parsed expression is not checked")
	}
}

// FuzzParseExpression checks that what parses is what is built from it.
func FuzzParseExpression(f *testing.F) {
	for _, e := range expressions {
		f.Add(e.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := canister.ParseExpression(text)
		if err != nil {
			return
		}
		built, err := e.Text()
		if err != nil {
			t.Fatalf("%q parses, and cannot be built: %v", text, err)
		}
		again, err := canister.ParseExpression(built)
		if d := cmp.Diff(e, again); err != nil || d != "" {
			t.Errorf("%q (-first +second): %v\n%s", built, err, d)
		}
	})
}

// FuzzParseCertificate is the same for certificates.
func FuzzParseCertificate(f *testing.F) {
	f.Add("certificate=:Y2VydA==:, tree=:dHJlZQ==:, version=2, expr_path=:cGF0aA==:")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := canister.ParseCertificate(text)
		if err != nil {
			return
		}
		again, err := canister.ParseCertificate(c.String())
		if d := cmp.Diff(c, again); err != nil || d != "" {
			t.Errorf("%q (-first +second): %v\n%s", c.String(), err, d)
		}
	})
}
