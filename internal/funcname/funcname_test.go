package funcname

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type users struct{}

func (*users) Get()         {}
func (users) List()         {}
func (*users) make() func() { return func() { calls() } }

type admins struct{ *users }
type getter interface{ Get() }
type store[T any] struct{}

func (*store[T]) Put(T) {}

func getUser() {}
func calls()   {}

// func1 has the form of a compiler's name without being one.
func func1() {}

func mapAll[A, B any](A, B) {}

func newAPI() func()             { return func() { calls() } }
func nested() func() func()      { return func() func() { return func() { calls() } } }
func newGeneric[T any]() func(T) { return func(T) { calls() } }

var packageLevel = func() { calls() }
var inMap = map[string]func(){"a": func() { calls() }}

// rangeBody returns a closure made in the body of a range over a function.
func rangeBody() (fn func()) {
	for range slices.Values([]int{1}) {
		fn = func() { calls() }
	}
	return fn
}

func TestSymbolName(t *testing.T) {
	const pkg = "github.com/seed217079a1/endpoint/internal/funcname."
	for _, c := range []struct {
		fn           any
		want, reason string
	}{
		{getUser, pkg + "getUser", "a function has its package"},
		{strings.ToUpper, "strings.ToUpper", "of the standard library too"},
		{(&users{}).Get, pkg + "users.Get", "a method value is a method of its type"},
		{users.List, pkg + "users.List", "a method expression likewise"},
		{(&store[int]{}).Put, pkg + "store.Put", "type arguments are left out"},
		{mapAll[int, store[string]], pkg + "mapAll", "of functions too"},
		{newAPI(), "", "a closure has no name"},
		{packageLevel, "", "nor has one in a variable"},
		{reflect.ValueOf(&users{}).Method(0).Interface(), "", "reflect hides the method"},
		{nil, "", "nil is no function"},
		{3, "", "nor is a number"},
	} {
		if got := Symbol(c.fn); got != c.want {
			t.Errorf("%q, want %q: %s", got, c.want, c.reason)
		}
	}
}

func TestOf(t *testing.T) {
	var nilFunc func() error
	literal := func() { calls() }
	tests := []struct {
		fn        any
		of, short string // $ is the line
		place     bool
		reason    string
	}{
		{getUser, "getUser", "getUser", true, "a function is its name"},
		{func1, "func1", "func1", true, "a declared function may look like a closure"},
		{strings.ToUpper, "ToUpper", "ToUpper", true, "the package is left to the place"},
		{(&users{}).Get, "(*users).Get", "users_Get", false, "a method value has no -fm and no place of its own"},
		{users{}.List, "users.List", "users_List", false, "a method value of a value receiver"},
		{(*users).Get, "(*users).Get", "users_Get", true, "a method expression is the method"},
		{users.List, "users.List", "users_List", true, "a method expression of a value receiver"},
		{(*users).List, "(*users).List", "users_List", false, "the compiler writes the pointer form of a value method"},
		{admins{}.Get, "(*users).Get", "users_Get", false, "a promoted method value is the embedded type's"},
		{admins.Get, "admins.Get", "admins_Get", false, "a promoted method expression is the outer type's"},
		{getter(&users{}).Get, "getter.Get", "getter_Get", false, "an interface method has no receiver of its own"},
		{mapAll[int, string], "mapAll[...]", "mapAll", true, "type arguments are dots"},
		{(&store[int]{}).Put, "(*store[...]).Put", "store_Put", false, "a method of a generic type"},
		{(*store[int]).Put, "(*store[...]).Put", "store_Put", true, "a method expression of a generic type"},
		{newAPI(), "closure in newAPI", "newAPI_line$", true, "a closure is named by where it stands, also if inlined"},
		{nested()(), "closure in nested", "nested_line$", true, "nesting is not counted"},
		{literal, "closure in TestOf", "TestOf_line$", true, "a closure of the function at hand"},
		{(&users{}).make(), "closure in (*users).make", "users_make_line$", true, "a closure in a method keeps the receiver"},
		{newGeneric[int](), "closure in newGeneric[...]", "newGeneric_line$", true, "a closure in a generic function"},
		{rangeBody(), "closure in rangeBody", "rangeBody_line$", true, "the body of a range is no function of its own"},
		{packageLevel, "closure in package funcname", "funcname_line$", true, "package variables are set in no function"},
		{inMap["a"], "closure in package funcname", "funcname_line$", true, "also inside a literal"},
		{reflect.MakeFunc(reflect.TypeFor[func()](), nil).Interface(), "function made by reflect", "", false, "reflect hides the function"},
		{reflect.ValueOf(&users{}).Method(0).Interface(), "function made by reflect", "", false, "reflect hides the method"},
		{nil, "nil", "", false, "untyped nil"},
		{nilFunc, "nil func() error", "", false, "a nil function says its type"},
		{12, "int", "", false, "no function is its type"},
		{http.NotFoundHandler, "NotFoundHandler", "NotFoundHandler", true, "a function that returns a handler is a function"},
		{http.NotFoundHandler(), "NotFound", "NotFound", true, "a named function type is a function"},
		{&http.ServeMux{}, "*http.ServeMux", "", false, "a handler that is no function is its type"},
	}
	for _, tt := range tests {
		if got := Of(tt.fn); got != tt.of {
			t.Errorf("Of = %q, want %q: %s", got, tt.of, tt.reason)
		}
		place := FileLine(tt.fn)
		if (place != "") != tt.place {
			t.Errorf("FileLine(%s) = %q, want a place: %v: %s", tt.of, place, tt.place, tt.reason)
		}
		_, line, _ := strings.Cut(place, ":")
		if got, want := Short(tt.fn), strings.ReplaceAll(tt.short, "$", line); got != want {
			t.Errorf("Short(%s) = %q, want %q: %s", tt.of, got, want, tt.reason)
		}
	}
}

func TestSymbol(t *testing.T) {
	tests := []struct{ symbol, name, pkg, reason string }{
		{"main.main", "main", "main", "the shortest"},
		{"main.main.func1", "main+", "main", "a closure"},
		{"main.main.func4.1", "main+", "main", "a number alone is a closure of a closure"},
		{"main.main.func2.3.1", "main+", "main", "deeper"},
		{"main.glob..func1", "+", "main", "package variables up to Go 1.20"},
		{"main.init.func1", "+", "main", "package variables since Go 1.21"},
		{"main.init.0.func1", "init+", "main", "a closure in an init function"},
		{"main.init.1", "init", "main", "an init function"},
		{"main.main.gowrap1", "main+", "main", "the wrapper of a go statement"},
		{"main.main.deferwrap2", "main+", "main", "the wrapper of a defer statement"},
		{"main.f-range1", "f+", "main", "the body of a range over a function"},
		{"main.f.func1-range2", "f+", "main", "the same in a closure"},
		{"main.main.mk.func5", "mk+", "main", "Go 1.26: mk was inlined into main"},
		{"main.main.main.func3.main.main.func3.func10.func11", "main+", "main", "Go 1.26: closures inlined into each other"},
		{"main.main.(*T).closure.func9", "(*T).closure+", "main", "Go 1.26: an inlined method"},
		{"a.b/c%2ed/e%2ev3.(*S).Get-fm", "(*S).Get", "a.b/c.d/e.v3", "dots of the package path are escaped"},
		{"a.b/c.Map[go.shape.int,a.b/d.T]", "Map[go.shape.int,a.b/d.T]", "a.b/c", "slashes and dots in type arguments"},
		{"a.b/c.Map[...].func1", "Map[...]+", "a.b/c", "a closure in an instance"},
		{"a.b/c.func1", "func1", "a.b/c", "a declared function"},
	}
	for _, tt := range tests {
		s := parseSymbol(tt.symbol, "/x/a.go", 1)
		name := s.name
		if s.closure {
			name += "+"
		}
		pkg, _ := splitPackage(tt.symbol)
		if name != tt.name || pkg != tt.pkg {
			t.Errorf("%s: name %q package %q, want %q %q: %s", tt.symbol, name, pkg, tt.name, tt.pkg, tt.reason)
		}
	}
}
