package endpoint

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A converter turns the text of a parameter into a value of one type.
type converter struct {
	// set parses text into what dst points to, and reports whether it could.
	set func(dst any, text string) bool
	// ptr is the type that dst must have; where it differs from a pointer to
	// the field's type, reflect converts between the two.
	ptr reflect.Type
	// want completes "the value ...", as a fault tells the client.
	want string
}

var (
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType        = reflect.TypeFor[time.Duration]()
	timeType            = reflect.TypeFor[time.Time]()
)

// scalar returns the converter of a type that one text can hold; ok is false
// for other types.
func scalar(t reflect.Type) (c converter, ok bool) {
	switch {
	case t == durationType:
		return converter{setDuration, reflect.TypeFor[*time.Duration](), "must be a duration such as 1m30s"}, true
	case t == timeType:
		return converter{setText, reflect.PointerTo(t), "must be a date and time such as 2006-01-02T15:04:05Z"}, true
	case reflect.PointerTo(t).Implements(textUnmarshalerType):
		return converter{setText, reflect.PointerTo(t), "has the wrong form"}, true
	}
	switch t.Kind() {
	case reflect.String:
		return converter{setString, reflect.TypeFor[*string](), "must be valid text"}, true
	case reflect.Bool:
		return converter{setBool, reflect.TypeFor[*bool](), "must be true or false"}, true
	case reflect.Int:
		return integer[int](), true
	case reflect.Int8:
		return integer[int8](), true
	case reflect.Int16:
		return integer[int16](), true
	case reflect.Int32:
		return integer[int32](), true
	case reflect.Int64:
		return integer[int64](), true
	case reflect.Uint:
		return unsigned[uint](), true
	case reflect.Uint8:
		return unsigned[uint8](), true
	case reflect.Uint16:
		return unsigned[uint16](), true
	case reflect.Uint32:
		return unsigned[uint32](), true
	case reflect.Uint64:
		return unsigned[uint64](), true
	case reflect.Float32:
		return float[float32](), true
	case reflect.Float64:
		return float[float64](), true
	}
	return converter{}, false
}

// isScalar reports whether one text can hold the type.
func isScalar(t reflect.Type) bool {
	_, ok := scalar(t)
	return ok
}

func integer[T int | int8 | int16 | int32 | int64]() converter {
	bits := reflect.TypeFor[T]().Bits()
	set := func(dst any, text string) bool {
		if text == "" || text[0] == '+' {
			return false
		}
		n, err := strconv.ParseInt(text, 10, bits)
		*dst.(*T) = T(n)
		return err == nil
	}
	return converter{set, reflect.TypeFor[*T](), integerText("an integer", bits)}
}

func unsigned[T uint | uint8 | uint16 | uint32 | uint64]() converter {
	bits := reflect.TypeFor[T]().Bits()
	set := func(dst any, text string) bool {
		n, err := strconv.ParseUint(text, 10, bits)
		*dst.(*T) = T(n)
		return err == nil
	}
	return converter{set, reflect.TypeFor[*T](), integerText("a non-negative integer", bits)}
}

// integerText says what an integer of so many bits must be.
func integerText(noun string, bits int) string {
	return "must be " + noun + " of at most " + strconv.Itoa(bits) + " bits"
}

func float[T float32 | float64]() converter {
	bits := reflect.TypeFor[T]().Bits()
	set := func(dst any, text string) bool {
		if !isDecimal(text) {
			return false
		}
		n, err := strconv.ParseFloat(text, bits)
		*dst.(*T) = T(n)
		return err == nil
	}
	return converter{set, reflect.TypeFor[*T](), "must be a number"}
}

// isDecimal reports whether s is digits with an optional sign, fraction and
// exponent: no infinity, NaN, hexadecimal form or underscore.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, s := cutDigits(s)
	fraction := 0
	if strings.HasPrefix(s, ".") {
		if fraction, s = cutDigits(s[1:]); fraction == 0 {
			return false
		}
	}
	if whole == 0 {
		return false
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n, rest := cutDigits(s)
		return n > 0 && rest == ""
	}
	return s == ""
}

// cutDigits returns how many digits s begins with, and the rest.
func cutDigits(s string) (int, string) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

func setString(dst any, text string) bool {
	*dst.(*string) = text
	return true
}

func setBool(dst any, text string) bool {
	p := dst.(*bool)
	switch text {
	case "true", "1":
		*p = true
	case "false", "0":
		*p = false
	default:
		return false
	}
	return true
}

func setDuration(dst any, text string) bool {
	d, err := time.ParseDuration(text)
	*dst.(*time.Duration) = d
	return err == nil
}

func setText(dst any, text string) bool {
	return dst.(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

// isText reports whether a text from outside may become a value: valid UTF-8
// without NUL, which databases and files cannot hold.
func isText(s string) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		if (w|(w-ones)&^w)&highs != 0 {
			break // a byte of it is zero or above 0x7f
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c == 0 || c >= utf8.RuneSelf {
			return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
		}
	}
	return true
}

// An optional is an *Opt[T], whatever its T.
type optional interface {
	inner() reflect.Type
	value() any // *T
	mark(null bool)
	state() (set, null bool)
}

var optionalType = reflect.TypeFor[optional]()

// isOpt reports whether t is an Opt, and of which type.
func isOpt(t reflect.Type) (inner reflect.Type, ok bool) {
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(optionalType) {
		return nil, false
	}
	return reflect.Zero(reflect.PointerTo(t)).Interface().(optional).inner(), true
}

// A target is how the texts of one parameter reach a field: as one scalar, a
// pointer, an Opt, or the elements of a slice or map.
type target struct {
	scalar converter
	form   form
	elem   reflect.Type // of a pointer, Opt, slice or map
}

type form uint8

const (
	formScalar  form = iota // T
	formPointer             // *T: nil when absent
	formOpt                 // Opt[T]
	formStrings             // []string, the common case of a slice
	formSlice               // []T: one element for each value sent
	formMap                 // map[string]T: filter[key]=value
)

// targetOf returns how texts reach a field of type t; ok is false if none can.
func targetOf(t reflect.Type) (target, bool) {
	if c, ok := scalar(t); ok {
		return target{scalar: c, form: formScalar}, true
	}
	if inner, ok := isOpt(t); ok {
		c, ok := scalar(inner)
		return target{c, formOpt, inner}, ok
	}
	switch t.Kind() {
	case reflect.Pointer:
		c, ok := scalar(t.Elem())
		return target{c, formPointer, t.Elem()}, ok
	case reflect.Slice:
		c, ok := scalar(t.Elem())
		if t == reflect.TypeFor[[]string]() {
			return target{c, formStrings, t.Elem()}, ok
		}
		return target{c, formSlice, t.Elem()}, ok
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			c, ok := scalar(t.Elem())
			return target{c, formMap, t.Elem()}, ok
		}
	}
	return target{}, false
}

// many reports whether the field takes more than one value.
func (t *target) many() bool { return t.form >= formStrings }

// pointer returns what put is given as dst for a field.
func (t *target) pointer(field reflect.Value) any {
	p := field.Addr()
	if t.form == formScalar && p.Type() != t.scalar.ptr {
		p = p.Convert(t.scalar.ptr)
	}
	return p.Interface()
}

// put parses text into the field behind dst, or adds it to the field if it
// takes many. key is that of a map's element.
func (t *target) put(dst any, key, text string) bool {
	switch t.form {
	case formScalar:
		return t.scalar.set(dst, text)
	case formStrings:
		p := dst.(*[]string)
		*p = append(*p, text)
		return true
	case formOpt:
		o := dst.(optional)
		v := reflect.ValueOf(o.value())
		if !t.scalar.set(v.Convert(t.scalar.ptr).Interface(), text) {
			return false
		}
		o.mark(false)
		return true
	}
	elem := reflect.New(t.elem)
	if !t.scalar.set(elem.Convert(t.scalar.ptr).Interface(), text) {
		return false
	}
	field := reflect.ValueOf(dst).Elem()
	switch t.form {
	case formPointer:
		field.Set(elem)
	case formSlice:
		field.Set(reflect.Append(field, elem.Elem()))
	case formMap:
		if field.IsNil() {
			field.Set(reflect.MakeMap(field.Type()))
		}
		k := reflect.ValueOf(key).Convert(field.Type().Key())
		if field.MapIndex(k).IsValid() {
			return false // the same key twice
		}
		field.SetMapIndex(k, elem.Elem())
	}
	return true
}
