package script

import (
	"go.starlark.net/lib/math"
	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// A builtin is a function that scripts can call.
type builtin = func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// predeclared returns what scripts have beside Starlark's own functions.
func predeclared() starlark.StringDict {
	return starlark.StringDict{
		"Response": starlark.NewBuiltin("Response", newResponse),
		"secret":   starlark.NewBuiltin("secret", secret),
		"hashlib":  hashlibModule(),
		"hmac":     hmacModule(),
		"http":     httpModule(),
		"json":     jsonModule(),
		"math":     math.Module,
		"time":     time.Module,
	}
}

// module makes a module whose functions know its name.
func module(name string, functions map[string]builtin) *starlarkstruct.Module {
	members := make(starlark.StringDict, len(functions))
	for function, f := range functions {
		members[function] = starlark.NewBuiltin(name+"."+function, f)
	}
	return &starlarkstruct.Module{Name: name, Members: members}
}

// secret is secret(name).
func secret(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	value, err := callOf(thread).secret(name)
	return starlark.String(value), err
}
