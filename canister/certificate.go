package canister

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Names of the header fields of certification.
const (
	CertificateHeader           = "IC-Certificate"
	CertificateExpressionHeader = "IC-CertificateExpression"
)

// A Certificate is the value of the header field IC-Certificate. This package
// builds and parses it; it does not verify it.
type Certificate struct {
	Certificate []byte // CBOR
	Tree        []byte // CBOR
	Version     uint16 // 0 is written as no version, which means 1
	ExprPath    []byte // CBOR of a list of strings; for version 2 and upwards
}

// Field returns the header field.
func (c Certificate) Field() HeaderField { return HeaderField{CertificateHeader, c.String()} }

// String returns the value of the header field.
func (c Certificate) String() string {
	var b strings.Builder
	writeBytes(&b, "certificate", c.Certificate)
	b.WriteString(", ")
	writeBytes(&b, "tree", c.Tree)
	if c.Version != 0 {
		b.WriteString(", version=")
		b.WriteString(strconv.Itoa(int(c.Version)))
	}
	if c.ExprPath != nil {
		b.WriteString(", ")
		writeBytes(&b, "expr_path", c.ExprPath)
	}
	return b.String()
}

func writeBytes(b *strings.Builder, key string, value []byte) {
	b.WriteString(key)
	b.WriteString("=:")
	b.WriteString(base64.StdEncoding.EncodeToString(value))
	b.WriteByte(':')
}

// ParseCertificate parses the value of the header field IC-Certificate. Its
// members may come in any order, each once; unknown ones are ignored. A version
// above 1 needs expr_path.
func ParseCertificate(value string) (Certificate, error) {
	var c Certificate
	seen := map[string]bool{}
	for item := range strings.SplitSeq(value, ",") {
		key, text, found := strings.Cut(strings.Trim(item, " \t"), "=")
		if !found || key == "" {
			return Certificate{}, fmt.Errorf("canister: %s: member %q has no value", CertificateHeader, key)
		}
		if seen[key] {
			return Certificate{}, fmt.Errorf("canister: %s: member %q stands twice", CertificateHeader, key)
		}
		seen[key] = true
		if err := c.set(key, text); err != nil {
			return Certificate{}, fmt.Errorf("canister: %s: member %q: %w", CertificateHeader, key, err)
		}
	}
	switch {
	case !seen["certificate"], !seen["tree"]:
		return Certificate{}, fmt.Errorf("canister: %s needs the members certificate and tree", CertificateHeader)
	case c.Version > 1 && !seen["expr_path"]:
		return Certificate{}, fmt.Errorf("canister: %s of version %d needs the member expr_path", CertificateHeader, c.Version)
	}
	return c, nil
}

// set sets the member with this key.
func (c *Certificate) set(key, text string) (err error) {
	switch key {
	case "certificate":
		c.Certificate, err = parseBytes(text)
	case "tree":
		c.Tree, err = parseBytes(text)
	case "expr_path":
		c.ExprPath, err = parseBytes(text)
	case "version":
		var v uint64
		if v, err = strconv.ParseUint(text, 10, 16); err != nil || v == 0 {
			return errors.New("it must be a number from 1 to 65535")
		}
		c.Version = uint16(v)
	}
	return err
}

// errBytes is the fault of a text that is no byte sequence of RFC 8941.
var errBytes = errors.New("it must be base 64 between colons")

func parseBytes(text string) ([]byte, error) {
	inner, ok := strings.CutPrefix(text, ":")
	inner, closed := strings.CutSuffix(inner, ":")
	if !ok || !closed || strings.ContainsAny(inner, "\r\n") {
		return nil, errBytes
	}
	b, err := base64.StdEncoding.Strict().DecodeString(inner)
	if err != nil {
		return nil, errBytes
	}
	return b, nil
}
