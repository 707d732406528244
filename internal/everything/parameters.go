package everything

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

// A Color is a text with its own form: # and six hexadecimal digits.
type Color struct{ R, G, B byte }

// MarshalText returns such as #ff8000.
func (c Color) MarshalText() ([]byte, error) {
	return []byte("#" + hex.EncodeToString([]byte{c.R, c.G, c.B})), nil
}

// UnmarshalText reads such as #ff8000.
func (c *Color) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.TrimPrefix(string(text), "#"))
	if err != nil || len(b) != 3 || text[0] != '#' {
		return errColor
	}
	*c = Color{b[0], b[1], b[2]}
	return nil
}

// OpenAPISchema says what the text looks like.
func (Color) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "pattern": "^#[0-9a-f]{6}$"}
}

var errColor = errors.New("a color is # and six hexadecimal digits")

// A UUID is an identifier in its usual form.
type UUID [16]byte

// MarshalText returns the form with hyphens.
func (u UUID) MarshalText() ([]byte, error) {
	h := hex.EncodeToString(u[:])
	return []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
}

// UnmarshalText reads the form with hyphens.
func (u *UUID) UnmarshalText(text []byte) error {
	s := string(text)
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return errUUID
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return errUUID
	}
	copy(u[:], b)
	return nil
}

var errUUID = errors.New("a UUID is 32 hexadecimal digits in five groups")

// A Level is a text of which there are some.
type Level string

// The levels.
const (
	LevelLow  Level = "low"
	LevelHigh Level = "high"
)

// Scalars are all forms of values in the query.
type Scalars struct {
	Text     string        `query:"text"`
	Bool     bool          `query:"bool"`
	Int      int           `query:"int"`
	Int8     int8          `query:"int8"`
	Int16    int16         `query:"int16"`
	Int32    int32         `query:"int32"`
	Int64    int64         `query:"int64"`
	Uint     uint          `query:"uint"`
	Uint8    uint8         `query:"uint8"`
	Uint16   uint16        `query:"uint16"`
	Uint32   uint32        `query:"uint32"`
	Uint64   uint64        `query:"uint64"`
	Float32  float32       `query:"float32"`
	Float64  float64       `query:"float64"`
	Duration time.Duration `json:"-" query:"duration"`
	Time     time.Time     `query:"time"`
	UUID     UUID          `query:"uuid"`
	Level    Level         `query:"level" validate:"omitempty,oneof=low high"`
}

// Shapes are what a value may be in: absent, with a default, several.
type Shapes struct {
	Pointer  *int               `query:"pointer"`
	Opt      endpoint.Opt[bool] `query:"opt"`
	Default  int                `default:"7" query:"default" validate:"min=1,max=10"`
	Required string             `query:"required" validate:"required"`
	List     []string           `query:"list"`
	Numbers  []int              `query:"numbers" validate:"max=5,dive,min=0"`
	Comma    []int              `query:"comma,comma" default:"1,2"`
	Words    []string           `query:"words,comma"`
	Filter   map[string]string  `query:"filter"`
	Counts   map[string]int     `query:"counts"`
}

// Ruled are values that rules hold for.
type Ruled struct {
	Name     string  `query:"name" validate:"min=2,max=10"`
	Code     string  `query:"code" validate:"len=4,alphanum"`
	Letters  string  `query:"letters" validate:"omitempty,alpha,max=8"`
	Email    string  `query:"email" validate:"omitempty,email"`
	ID       string  `query:"id" validate:"omitempty,uuid"`
	Site     string  `query:"site" validate:"omitempty,url"`
	Address  string  `query:"address" validate:"omitempty,ip"`
	IPv4     string  `query:"ipv4" validate:"omitempty,ipv4"`
	Day      string  `query:"day" validate:"omitempty,datetime=2006-01-02"`
	Prefix   string  `query:"prefix" validate:"omitempty,startswith=a.b,endswith=c"`
	Not      string  `query:"not" validate:"ne=no"`
	Size     string  `query:"size" validate:"omitempty,oneof=small 'very large'"`
	Either   string  `query:"either" validate:"omitempty,numeric|alpha"`
	Positive int     `query:"positive" validate:"gt=0"`
	Percent  float64 `query:"percent" validate:"gte=0,lte=100"`
	Zero     int     `query:"zero" validate:"omitempty,min=5,max=9"`
	Prime    int     `query:"prime" validate:"omitempty,oneof=2 3 5 7"`
	Unique   []int   `query:"unique" validate:"omitempty,unique,min=1,max=4"`
}

func registerParameters(g *endpoint.Group) {
	g.Get("scalars", func(in Scalars) Scalars { return in }, endpoint.Name("scalars"))
	g.Get("shapes", func(in Shapes) Shapes { return in }, endpoint.Name("shapes"))
	g.Get("ruled", func(in Ruled) Ruled { return in }, endpoint.Name("ruled"))
	g.Get("strict", func(in struct {
		Page int `query:"page" validate:"min=0"`
	}) int {
		return in.Page
	}, endpoint.Name("strict"), endpoint.Strict())
	g.Get("headers", func(in struct {
		Agent  string            `header:"User-Agent"`
		Trace  *UUID             `header:"X-Trace"`
		Depth  int               `default:"1" header:"X-Depth" validate:"min=1,max=3"`
		Many   []int             `header:"X-Many"`
		Listed []int             `header:"X-Listed,comma"`
		Theme  string            `cookie:"theme" validate:"omitempty,alpha"`
		Visits endpoint.Opt[int] `cookie:"visits"`
	}) map[string]any {
		return map[string]any{"depth": in.Depth, "many": in.Many, "listed": in.Listed, "theme": in.Theme, "visits": in.Visits}
	}, endpoint.Name("headers"))
	g.Get("all", func(p endpoint.Params, q url.Values, h http.Header, s Session, c Settings, _ *Store) map[string]int {
		return map[string]int{"parameters": len(p), "query": len(q), "header": len(h), "session": len(s.ID), "greeting": len(c.Greeting)}
	}, endpoint.Name("all"))
	g.Get("positions/:n/:color/:wait/:at/:address", func(n int8, c Color, wait time.Duration, at time.Time, address netip.Addr) map[string]any {
		return map[string]any{"n": n, "color": c, "wait": wait.String(), "at": at, "address": address}
	}, endpoint.Name("positions"))
}
