// Package openapi describes an API as an OpenAPI document: what the endpoints
// read, answer and require, as the server does it.
//
//	doc, err := openapi.Document(api, openapi.Info{Title: "Users", Version: "1.0.0"})
//
//	api.Get("docs/", openapi.Handler(api, info), endpoint.Hidden())
//
// Nothing has to be said twice. Where a handler's types do not tell, an option
// does: [Answer] for what is in a [endpoint.Response], [Example], and [Amend]
// for everything else. [Comments] bring the texts of the source.
//
// # Order
//
// Documents are the same whenever they are made of the same program. Paths are
// sorted by their text, schemas and security schemes by name, and members of an
// object are in the order of the struct. An operation is named by the option
// Name, else by its function; if several have one name, each gets its path too,
// and a closure, whose name changes with every line before it, gets method and
// path alone. Two paths that differ in the names of their parameters only are
// one, with the names of the endpoint that comes first.
//
// # Types
//
//	Go                                schema
//	bool, string                      boolean, string
//	integers                          integer, with format and the bounds of the type
//	float32, float64                  number
//	[]byte, [n]byte                   string in base 64
//	time.Time                         string, date-time
//	time.Duration in a parameter      string such as 1m30s
//	encoding.TextUnmarshaler          string; format uuid for a type called UUID
//	json.Unmarshaler                  anything, unless it is a [Describer]
//	*T, endpoint.Opt[T]               T or null; in a parameter T
//	[]T, map[string]T                 array, object; null is read and never written
//	[n]T                              array of n items
//	struct                            object, a component if it has a name
//	any, interfaces                   anything, unless Info.Unions knows it
//	*endpoint.File                    string, binary
//
// What is read and what is written differ: a member that is read is required by
// its rules alone, one that is written unless omitzero or omitempty leave it
// out; no rule holds for what is written. A type in both uses has two schemas,
// as User and UserInput, unless they are equal. With the option Strict unknown
// members are refused, so that there is a third. A generic type is called
// PageOfUser, and of types with one name from several packages all but one get
// a number, in the order of their packages.
//
// A nil pointer as a whole result would be null; documents leave that out.
//
// # Rules
//
//	required                          required; for a parameter too
//	min max len gt gte lt lte         minimum, minLength, minItems, minProperties ...
//	eq ne oneof isdefault             const, enum, not
//	email url uri uuid ipv4 ipv6 ip hostname datetime    format
//	alpha alphanum numeric number hexadecimal ...        pattern
//	startswith endswith contains excludes                pattern
//	unique, dive, keys and endkeys    uniqueItems, items, propertyNames
//	omitempty                         the empty value beside what the rules say
//	a|b                               anyOf
//
// Every other rule is told in the description. The tags doc and example of a
// field describe it.
//
// # Versions
//
//	3.0     nullable, one example; key rules of maps are told by nobody
//	3.1     the default
//	3.2     QUERY and other methods, and the items of streams, have words of their own
//
// Before 3.2 the operations of methods that OpenAPI does not name stand in
// x-additionalOperations of their path, and x-itemSchema describes the items of
// a stream. A prefix is a path with one more parameter, marked by
// x-several-segments. HEAD and OPTIONS are listed only if they are registered.
//
// Invalid UTF-8 and NUL are refused everywhere, JSON may nest 64 levels deep,
// and a boolean parameter may be 1 or 0 too: a document does not say so.
package openapi
