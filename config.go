package endpoint

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// Configuration marks a struct as the configuration of endpoints by embedding.
// A handler that has the struct as a parameter receives the value given to
// [API.Configure]. Without one, a method Default() of the type supplies it,
// called once when compiling; without both, Compile reports a fault.
//
//	type Greetings struct {
//		endpoint.Configuration
//		Text string
//	}
//
//	func (Greetings) Default() Greetings { return Greetings{Text: "Hello"} }
type Configuration struct{}

var configurationType = reflect.TypeFor[Configuration]()

// Configure gives configurations to handlers by their types, one value a type:
// the last one wins. On a running API the values take effect together with the
// next [API.Compile]; a request sees one set of them.
func (a *API) Configure(configurations ...any) {
	a.configure(funcname.Here(1), configurations)
}

func (a *API) configure(place funcname.Place, configurations []any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range configurations {
		a.values = replacing(a.values, provision{v, place})
	}
}

// Configure gives configurations to the handlers of [Default]; see
// [API.Configure].
func Configure(configurations ...any) { Default.configure(funcname.Here(1), configurations) }

// isConfiguration reports whether a type embeds Configuration.
func isConfiguration(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type == configurationType {
			return true
		}
	}
	return false
}

// configurations returns the configured values by type.
func configurations(values []provision) (map[reflect.Type]reflect.Value, []error) {
	configured := make(map[reflect.Type]reflect.Value, len(values))
	var faults []error
	for _, v := range values {
		rv := reflect.ValueOf(v.value)
		if rv.IsValid() && rv.Kind() == reflect.Pointer && !rv.IsNil() && isConfiguration(rv.Type().Elem()) {
			rv = rv.Elem()
		}
		if !rv.IsValid() || !isConfiguration(rv.Type()) {
			faults = append(faults, fmt.Errorf("endpoint: Configure (%s): %w", v.place, notConfiguration(rv)))
			continue
		}
		configured[rv.Type()] = rv
	}
	return configured, faults
}

// notConfiguration says why a value is no configuration.
func notConfiguration(v reflect.Value) error {
	switch {
	case !v.IsValid():
		return errors.New("the configuration is nil; give a value")
	case v.Kind() == reflect.Pointer && v.IsNil():
		return fmt.Errorf("the configuration is a nil %s; give a value", v.Type())
	}
	return fmt.Errorf("type %s does not embed endpoint.Configuration; embed it, or give the value to Provide", v.Type())
}

// configuration returns the value of a configuration type: the configured one,
// else its default.
func (e *environment) configuration(t reflect.Type) (reflect.Value, error) {
	if v, ok := e.configured[t]; ok {
		return v, nil
	}
	method := reflect.New(t).MethodByName("Default")
	if !method.IsValid() {
		return reflect.Value{}, fmt.Errorf("configuration %s was given by nobody and has no default; call Configure with one, or add the method Default() %[1]s", t)
	}
	if mt := method.Type(); mt.NumIn() != 0 || mt.NumOut() != 1 || mt.Out(0) != t {
		return reflect.Value{}, fmt.Errorf("method Default of configuration %s has the signature %s; write func() %[1]s", t, mt)
	}
	v, err := callDefault(method)
	if err != nil {
		return v, fmt.Errorf("configuration %s: %w", t, err)
	}
	e.configured[t] = v
	return v, nil
}

// callDefault calls a method Default, whose panic is a fault.
func callDefault(method reflect.Value) (v reflect.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its method Default panics: %v; call Configure with a value, or mend the method", p)
		}
	}()
	return method.Call(nil)[0], nil
}

// An environment is what handlers can be given beside the request.
type environment struct {
	configured map[reflect.Type]reflect.Value
	providers  map[reflect.Type]*provider
}

// A provision is a value or function given to Provide, and where.
type provision struct {
	value any
	place funcname.Place
}
