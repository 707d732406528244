package script

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// digests is the names of the hashes, the same in hashlib and for hmac.
var digests = map[string]func() hash.Hash{
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha512": sha512.New,
}

// hashlibModule is what signatures of webhooks need of Python's hashlib.
func hashlibModule() *starlarkstruct.Module {
	members := map[string]builtin{"new": hashNew}
	for name := range digests {
		members[name] = hashOf
	}
	return module("hashlib", members)
}

func hmacModule() *starlarkstruct.Module {
	return module("hmac", map[string]builtin{"new": hmacNew, "compare_digest": compareDigest})
}

// hashOf is hashlib.sha256(data="") and its like; its own name is the hash's.
func hashOf(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Value = starlark.String("")
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data?", &data); err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(b.Name(), "hashlib.")
	return newHashValue(name, digests[name](), data)
}

// hashNew is hashlib.new(name, data="").
func hashNew(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var data starlark.Value = starlark.String("")
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "data?", &data); err != nil {
		return nil, err
	}
	digest, err := digestNamed(name)
	if err != nil {
		return nil, err
	}
	return newHashValue(name, digest(), data)
}

// hmacNew is hmac.new(key, msg="", digestmod="sha256"). The last one may also
// be a function of hashlib.
func hmacNew(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var key starlark.Value
	var message, mode starlark.Value = starlark.String(""), starlark.String("sha256")
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "key", &key, "msg?", &message, "digestmod?", &mode); err != nil {
		return nil, err
	}
	text, ok := textOf(key)
	if !ok {
		return nil, fmt.Errorf("%s: key is a %s; give a string or bytes", b.Name(), key.Type())
	}
	name, ok := starlark.AsString(mode)
	if f, isBuiltin := mode.(*starlark.Builtin); isBuiltin {
		name, ok = strings.CutPrefix(f.Name(), "hashlib.")
	}
	if !ok {
		return nil, fmt.Errorf("%s: digestmod is a %s; give \"sha256\" or hashlib.sha256", b.Name(), mode.Type())
	}
	digest, err := digestNamed(name)
	if err != nil {
		return nil, err
	}
	return newHashValue("hmac-"+name, hmac.New(digest, []byte(text)), message)
}

func digestNamed(name string) (func() hash.Hash, error) {
	if digest, ok := digests[strings.ToLower(name)]; ok {
		return digest, nil
	}
	return nil, fmt.Errorf("there is no hash %.40q; there are md5, sha1, sha256 and sha512", name)
}

// compareDigest compares in a time that does not tell where a and b differ.
func compareDigest(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var first, second starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "a", &first, "b", &second); err != nil {
		return nil, err
	}
	x, okX := textOf(first)
	y, okY := textOf(second)
	if !okX || !okY {
		return nil, fmt.Errorf("%s: got %s and %s; give strings or bytes", b.Name(), first.Type(), second.Type())
	}
	return starlark.Bool(subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1), nil
}

// A hashValue is a hash that is being made.
type hashValue struct {
	name   string
	hash   hash.Hash
	frozen bool
}

func newHashValue(name string, h hash.Hash, data starlark.Value) (starlark.Value, error) {
	v := &hashValue{name: name, hash: h}
	return v, v.write(data)
}

func (v *hashValue) write(data starlark.Value) error {
	if v.frozen {
		return errors.New("cannot update a frozen hash")
	}
	text, ok := textOf(data)
	if !ok {
		return fmt.Errorf("%s: got %s; give a string or bytes", v.name, data.Type())
	}
	v.hash.Write([]byte(text))
	return nil
}

func (v *hashValue) String() string        { return "<" + v.name + ">" }
func (v *hashValue) Type() string          { return "hash" }
func (v *hashValue) Freeze()               { v.frozen = true }
func (v *hashValue) Truth() starlark.Bool  { return true }
func (v *hashValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: hash") }

func (v *hashValue) AttrNames() []string {
	return []string{"digest", "digest_size", "hexdigest", "name", "update"}
}

func (v *hashValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		return starlark.String(v.name), nil
	case "digest_size":
		return starlark.MakeInt(v.hash.Size()), nil
	case "digest":
		return v.getter(name, func() starlark.Value { return starlark.Bytes(v.hash.Sum(nil)) }), nil
	case "hexdigest":
		return v.getter(name, func() starlark.Value { return starlark.String(hex.EncodeToString(v.hash.Sum(nil))) }), nil
	case "update":
		return starlark.NewBuiltin(name, v.update), nil
	}
	return nil, nil
}

func (v *hashValue) getter(name string, get func() starlark.Value) starlark.Value {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return get(), starlark.UnpackArgs(b.Name(), args, kwargs)
	})
}

func (v *hashValue) update(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "data", &data); err != nil {
		return nil, err
	}
	return starlark.None, v.write(data)
}
