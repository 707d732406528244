package jsonschema

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// integerFormats are the bits of the formats of integers; negative for those
// with a sign.
var integerFormats = map[string]int{
	"int8": -8, "int16": -16, "int32": -32, "int64": -64, "uint8": 8, "uint16": 16, "uint32": 32, "uint64": 64,
}

var (
	uuidForm     = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	hostnameForm = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	durationForm = regexp.MustCompile(`^P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$`)
)

// textFormats judge texts, and give examples to make more of.
var textFormats = map[string]struct {
	valid    func(text string) bool
	examples []string
}{
	"date-time": {isTime(time.RFC3339Nano), []string{"2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59.999999999+14:00", "2024-02-29T12:00:00-07:30", "9999-12-31T23:59:59Z"}},
	"date":      {isTime(time.DateOnly), []string{"2026-01-02", "2024-02-29", "0001-01-01", "9999-12-31"}},
	"time":      {isTime("15:04:05Z07:00"), []string{"03:04:05Z", "23:59:59+01:00"}},
	"duration":  {durationForm.MatchString, []string{"PT1H30M", "P3D", "PT0S", "P1Y2M3DT4H5M6S"}},
	"email":     {isEmail, []string{"a@example.com", "first.last+tag@sub.example.org", "x_y-z@example.net"}},
	"hostname":  {hostnameForm.MatchString, []string{"example.com", "a.b-c.example.org", "host1"}},
	"ipv4":      {func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() }, []string{"127.0.0.1", "0.0.0.0", "255.255.255.255"}},
	"ipv6":      {func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is6() && a.Zone() == "" }, []string{"::1", "::", "2001:db8::ff00:42:8329"}},
	"uri":       {func(s string) bool { u, err := url.Parse(s); return err == nil && u.IsAbs() }, []string{"https://example.com/", "http://example.com:8080/a/b?c=d#e", "mailto:a@example.com"}},
	"uri-reference": {func(s string) bool { _, err := url.Parse(s); return err == nil },
		[]string{"/a/b?c=d", "https://example.com/", "a"}},
	"uuid":     {uuidForm.MatchString, []string{"123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"}},
	"byte":     {func(s string) bool { _, err := base64.StdEncoding.DecodeString(s); return err == nil }, []string{"", "AA==", "aGVsbG8=", "/+8="}},
	"regex":    {func(s string) bool { _, err := regexp.Compile(s); return err == nil }, []string{"^a+$", ""}},
	"binary":   {},
	"password": {},
}

// random makes a text of a format whose values are often told apart, "" for
// other formats.
func (g *Generator) random(format string) string {
	switch format {
	case "date-time":
		return time.Unix(g.Rand.Int64N(1<<32), g.Rand.Int64N(1e9)).UTC().Format(time.RFC3339Nano)
	case "email":
		return fmt.Sprintf("u%d@example.com", g.Rand.IntN(1e6))
	case "ipv4":
		return fmt.Sprintf("%d.%d.%d.%d", g.Rand.IntN(256), g.Rand.IntN(256), g.Rand.IntN(256), g.Rand.IntN(256))
	case "uuid":
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", g.Rand.Uint32(), g.Rand.Int64N(1<<48))
	}
	return ""
}

func isTime(layout string) func(string) bool {
	return func(s string) bool { _, err := time.Parse(layout, s); return err == nil }
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s, ".") && len(s) <= 254
}

func knownFormat(name string) bool {
	_, text := textFormats[name]
	return text || integerFormats[name] != 0 || name == "float" || name == "double"
}

func inTextFormat(name, text string) bool {
	f := textFormats[name]
	return f.valid == nil || f.valid(text)
}

// inNumberFormat reports whether a number fits into the type of a format.
func inNumberFormat(name string, r *big.Rat) bool {
	if bits := integerFormats[name]; bits != 0 {
		low, high := integerRange(bits)
		return r.IsInt() && r.Num().Cmp(low) >= 0 && r.Num().Cmp(high) <= 0
	}
	switch name {
	case "float":
		f, _ := r.Float32()
		return !math.IsInf(float64(f), 0)
	case "double":
		f, _ := r.Float64()
		return !math.IsInf(f, 0)
	}
	return true
}

// integerRange returns the least and the greatest integer of so many bits.
func integerRange(bits int) (low, high *big.Int) {
	one := big.NewInt(1)
	if bits > 0 {
		high = new(big.Int).Lsh(one, uint(bits))
		return new(big.Int), high.Sub(high, one)
	}
	high = new(big.Int).Lsh(one, uint(-bits-1))
	return new(big.Int).Neg(high), new(big.Int).Sub(high, one)
}

func newRat() *big.Rat { return new(big.Rat) }
