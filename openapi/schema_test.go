package openapi

import (
	"reflect"
	"regexp"
	"strconv"
	"testing"
)

// TestIntegerPattern matches all integers of 8 and 16 bits and their neighbours.
func TestIntegerPattern(t *testing.T) {
	for _, c := range []struct {
		typ       reflect.Type
		low, high int
	}{
		{reflect.TypeFor[int8](), -128, 127},
		{reflect.TypeFor[uint8](), 0, 255},
		{reflect.TypeFor[int16](), -32768, 32767},
		{reflect.TypeFor[uint16](), 0, 65535},
	} {
		pattern := regexp.MustCompile(integerPattern(c.typ))
		for n := -70_000; n <= 70_000; n++ {
			if got, want := pattern.MatchString(strconv.Itoa(n)), c.low <= n && n <= c.high; got != want {
				t.Fatalf("%v: %d matches %s: %v", c.typ, n, pattern, got)
			}
		}
		for _, s := range []string{"", "-", "-0", "01", "+1", "1.0", "1 "} {
			if pattern.MatchString(s) {
				t.Errorf("%v: %q matches", c.typ, s)
			}
		}
	}
}

// TestBase64Pattern matches texts of so many bytes.
func TestBase64Pattern(t *testing.T) {
	for _, c := range []struct {
		n    int
		text string
		want bool
	}{
		{0, "", true}, {0, "AA==", false},
		{1, "AA==", true}, {1, "AAA=", false}, {1, "AB==", false},
		{2, "AAA=", true}, {3, "AAAA", true}, {3, "AA==", false},
		{4, "AAAAAA==", true}, {4, "AAAAAAAA", false}, {5, "AAAAAAA=", true},
	} {
		if got := regexp.MustCompile(base64Pattern(c.n)).MatchString(c.text); got != c.want {
			t.Errorf("%q for %d bytes: %v", c.text, c.n, got)
		}
	}
}

// TestRules checks what keywords rules are, beside those that requests show.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		reason string
		value  any
		tokens string
		want   string
	}{
		{"bounds of the type stay", int8(0), "min=-500", `{"type":"integer","format":"int32","minimum":-128,"maximum":127}`},
		{"hexadecimal", 0, "min=0x10", `{"type":"integer","format":"int64","minimum":16}`},
		{"escapes", "", "startswith=a0x2Cb", `{"type":"string","pattern":"^a,b"}`},
		{"quoted words", "", "oneof='a b' c", `{"type":"string","enum":["a b","c"]}`},
		{"two patterns", "", "alpha,startswith=a", `{"type":"string","pattern":"^[a-zA-Z]+$","allOf":[{"type":"string","pattern":"^a"}]}`},
		{"told", "", "lowercase,eqfield=Other", `{"type":"string","description":"Must obey lowercase, eqfield=other."}`},
		{"zero obeys", 0, "omitempty,max=3", `{"type":"integer","format":"int64","allOf":[{"type":"integer","maximum":3}]}`},
		{"zero does not", 0, "omitempty,gt=3", `{"type":"integer","format":"int64","anyOf":[{"type":"integer","const":0},{"type":"integer","exclusiveMinimum":3}]}`},
		{"empty lists are looked at", []int{}, "omitempty,min=1", `{"type":["array","null"],"items":{"type":"integer","format":"int64"},"minItems":1}`},
		{"elements", []string{}, "dive,len=2", `{"type":["array","null"],"items":{"type":"string","minLength":2,"maxLength":2}}`},
		{"of a pointer", new(string), "omitempty,min=2", `{"type":["string","null"],"minLength":2}`},
		{"either", "", "eq=a|eq=b", `{"type":"string","anyOf":[{"type":"string","const":"a"},{"type":"string","const":"b"}]}`},
		{"either, one untold", "", "eq=a|lowercase", `{"type":"string","description":"Must obey eq=a|lowercase."}`},
		{"bytes are counted, not their text", []byte{}, "min=2", `{"type":["string","null"],"contentEncoding":"base64","description":"Must obey min=2."}`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			b := &builder{version: v31, components: map[reflect.Type]*component{}, open: map[typeUse]bool{}}
			typ := reflect.TypeOf(c.value)
			s := b.schema(typ, input)
			applyRules(s, typ, ruleTokens(c.tokens), map[string]string{"Other": "other"})
			want, err := parseTree([]byte(c.want))
			if err != nil {
				t.Fatal(err)
			}
			if g, w := string(appendJSON(nil, s.object(v31), 0)), string(appendJSON(nil, want, 0)); g != w {
				t.Errorf("%s\nwant %s", g, w)
			}
		})
	}
}
