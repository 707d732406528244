package endpoint

import (
	"encoding"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// An independent binder: slow, written from the documentation alone, and
// sharing no code with the library but Opt, which is a type of the user's.

// A fuzzRequest is the parts of a request that inputs are bound from.
type fuzzRequest struct {
	path    map[string]string
	query   string
	headers http.Header
	form    string
}

// A fuzzColor is a type with a text form of its own.
type fuzzColor struct{ N int }

var errFuzzColor = errors.New("no color")

func (c *fuzzColor) UnmarshalText(text []byte) error {
	switch string(text) {
	case "red":
		c.N = 1
	case "blue":
		c.N = 2
	default:
		return errFuzzColor
	}
	return nil
}

// Named types: the library converts between them and what they are made of.
type (
	fuzzName  string
	fuzzLevel int8
)

var (
	fuzzInteger = regexp.MustCompile(`^-?[0-9]+$`)
	fuzzDigits  = regexp.MustCompile(`^[0-9]+$`)
	fuzzDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// fuzzScalar reads one value of a type, and reports whether text is one.
func fuzzScalar(t reflect.Type, text string) (reflect.Value, bool) {
	v := reflect.New(t).Elem()
	switch u := v.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(text)
		*u = d
		return v, err == nil
	case encoding.TextUnmarshaler:
		return v, u.UnmarshalText([]byte(text)) == nil
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
		return v, true
	case reflect.Bool:
		v.SetBool(text == "true" || text == "1")
		return v, text == "true" || text == "false" || text == "1" || text == "0"
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, t.Bits())
		v.SetFloat(f)
		return v, err == nil && fuzzDecimal.MatchString(text)
	}
	n, ok := new(big.Int).SetString(text, 10)
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
		if !ok || !fuzzDigits.MatchString(text) || !n.IsUint64() || v.OverflowUint(n.Uint64()) {
			return v, false
		}
		v.SetUint(n.Uint64())
		return v, true
	}
	if !ok || !fuzzInteger.MatchString(text) || !n.IsInt64() || v.OverflowInt(n.Int64()) {
		return v, false
	}
	v.SetInt(n.Int64())
	return v, true
}

// fuzzPairs splits a query or form; the values of a name keep their order.
func fuzzPairs(raw string) (url.Values, bool) {
	values, err := url.ParseQuery(raw)
	return values, err == nil
}

// fuzzCookies lists the cookies of a request by name; ok is false for too many.
func fuzzCookies(h http.Header) (map[string][]string, bool) {
	cookies := map[string][]string{}
	n := 0
	for _, line := range h["Cookie"] {
		for _, part := range strings.Split(line, ";") {
			n++
			name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
			if !ok {
				continue
			}
			if len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
				value = value[1 : len(value)-1]
			}
			cookies[name] = append(cookies[name], value)
		}
	}
	return cookies, n <= 50
}

// fuzzBind binds a struct. faults holds "source name", broken is a request
// that is answered with 400.
func fuzzBind(t reflect.Type, r fuzzRequest) (v reflect.Value, faults map[string]bool, broken bool) {
	v, faults = reflect.New(t).Elem(), map[string]bool{}
	query, ok1 := fuzzPairs(r.query)
	form, ok2 := fuzzPairs(r.form)
	cookies, ok3 := fuzzCookies(r.headers)
	var uses [3]bool
	for i := range t.NumField() {
		f := t.Field(i)
		var source, name string
		var values []string
		var all url.Values
		if s, ok := f.Tag.Lookup("path"); ok {
			source, name, values = "path", s, []string{r.path[s]}
		} else if s, ok := f.Tag.Lookup("query"); ok {
			source, name, all, uses[0] = "query", s, query, true
		} else if s, ok := f.Tag.Lookup("form"); ok {
			source, name, all, uses[1] = "form", s, form, true
		} else if s, ok := f.Tag.Lookup("cookie"); ok {
			source, name, all, uses[2] = "cookie", s, cookies, true
		} else {
			name = http.CanonicalHeaderKey(strings.Split(f.Tag.Get("header"), ",")[0])
			source, values = "header", r.headers[name]
		}
		name, option, _ := strings.Cut(name, ",")
		if all != nil {
			values = all[name]
		}
		if f.Type.Kind() == reflect.Map {
			good, sent := fuzzMap(v.Field(i), name, all)
			if !good || !sent && f.Tag.Get("validate") == "required" {
				faults[source+" "+name] = true
			}
			continue
		}
		if strings.HasSuffix(f.Tag.Get(source), ",comma") {
			option = "comma"
		}
		if !fuzzField(v.Field(i), f, values, option == "comma") {
			faults[source+" "+name] = true
		}
	}
	broken = uses[0] && !ok1 || uses[1] && !ok2 || uses[2] && !ok3
	return v, faults, broken
}

// fuzzField puts what was sent for a field into it.
func fuzzField(v reflect.Value, f reflect.StructField, values []string, comma bool) bool {
	if len(values) == 0 {
		if f.Tag.Get("validate") == "required" {
			return false
		}
		if def, ok := f.Tag.Lookup("default"); ok {
			if v.Kind() == reflect.Slice {
				return fuzzField(v, reflect.StructField{}, strings.Split(def, ","), false)
			}
			return fuzzField(v, reflect.StructField{}, []string{def}, false)
		}
		return true
	}
	for _, s := range values {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return false
		}
	}
	if v.Kind() == reflect.Slice {
		var list []string
		for _, s := range values {
			switch {
			case !comma:
				list = append(list, s)
			case s != "":
				for _, part := range strings.Split(s, ",") {
					list = append(list, strings.TrimSpace(part))
				}
			}
		}
		for _, s := range list {
			e, ok := fuzzScalar(v.Type().Elem(), s)
			if !ok {
				return false
			}
			v.Set(reflect.Append(v, e))
		}
		return true
	}
	if len(values) > 1 {
		return false
	}
	return fuzzOne(v, values[0])
}

// fuzzOne puts one text into a scalar, pointer or Opt.
func fuzzOne(v reflect.Value, text string) bool {
	switch {
	case v.Kind() == reflect.Pointer:
		e, ok := fuzzScalar(v.Type().Elem(), text)
		if ok {
			v.Set(reflect.New(v.Type().Elem()))
			v.Elem().Set(e)
		}
		return ok
	case strings.HasPrefix(v.Type().Name(), "Opt["):
		e, ok := fuzzScalar(v.FieldByName("Value").Type(), text)
		if ok {
			v.FieldByName("Value").Set(e)
			v.FieldByName("Set").SetBool(true)
		}
		return ok
	}
	e, ok := fuzzScalar(v.Type(), text)
	v.Set(e)
	return ok
}

// fuzzMap collects name[key]=value, and reports whether all of it fits and any was sent.
func fuzzMap(v reflect.Value, name string, all url.Values) (ok, sent bool) {
	ok = len(all[name]) == 0 // without a key nothing says where it belongs
	sent = !ok
	for full, values := range all {
		key, found := strings.CutPrefix(full, name+"[")
		key, closed := strings.CutSuffix(key, "]")
		if !found || !closed || strings.ContainsAny(key, "[]") {
			continue
		}
		sent = true
		e, good := fuzzScalar(v.Type().Elem(), values[0])
		for _, s := range append(values, key) {
			good = good && utf8.ValidString(s) && !strings.Contains(s, "\x00")
		}
		if !good || len(values) > 1 {
			ok = false
			continue
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
	}
	return ok, sent
}

// fuzzServe sends a request to an API and checks what every answer promises.
func fuzzServe(t testing.TB, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("status %d for %s %q: %s", w.Code, r.Method, r.URL, w.Body)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		t.Fatalf("X-Content-Type-Options is %q", got)
	}
	if w.Code >= 400 {
		fuzzCheckProblem(t, w)
	}
	return w
}

// fuzzFaults returns "source name" of each fault in a problem document.
func fuzzFaults(t testing.TB, w *httptest.ResponseRecorder) map[string]bool {
	t.Helper()
	faults := map[string]bool{}
	for _, f := range fuzzCheckProblem(t, w).Errors {
		faults[f.In+" "+f.Name] = true
	}
	return faults
}
