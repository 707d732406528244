package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// Document describes an API as it is registered now, as an OpenAPI document in
// JSON. Two calls for the same API return the same bytes. The error is that of
// the Info, or of [endpoint.API.Compile].
func Document(api *endpoint.API, info Info) ([]byte, error) {
	if err := info.check(); err != nil {
		return nil, err
	}
	list, err := api.Operations()
	if err != nil {
		return nil, err
	}
	doc, err := document(list, info)
	if err != nil {
		return nil, err
	}
	return append(appendJSON(nil, doc, 0), '\n'), nil
}

// A builder makes one document.
type builder struct {
	info       Info
	version    version
	unions     map[reflect.Type]*Union
	components map[reflect.Type]*component
	list       []*component      // in the order of their first use
	open       map[typeUse]bool  // collections under construction, and whether they hold themselves
	schemes    map[string]string // names of security schemes by what they are
	security   *object
	taken      map[string]bool // names of security schemes
	refusals   map[refusalKey]*object
	faults     []error
}

// fault notes what is wrong with what somebody said of an operation or a type.
func (b *builder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf("openapi: "+format, args...))
}

// operationFault is fault for an operation.
func (b *builder) operationFault(op *endpoint.Operation, format string, args ...any) {
	b.fault("%s registered at %s: %w", op.Path, op.Place, fmt.Errorf(format, args...))
}

// document makes the tree of a document.
func document(list []endpoint.Operation, info Info) (*object, error) {
	v, text, err := info.version()
	if err != nil {
		return nil, err
	}
	b := &builder{
		info: info, version: v,
		unions: map[reflect.Type]*Union{}, components: map[reflect.Type]*component{},
		open: map[typeUse]bool{}, schemes: map[string]string{}, security: &object{}, taken: map[string]bool{},
		refusals: map[refusalKey]*object{},
	}
	for i := range info.Unions {
		b.unions[info.Unions[i].Type] = &b.info.Unions[i]
	}
	list = b.included(list)
	items := b.paths(list)
	b.assignNames()

	doc := &object{}
	doc.add("openapi", text)
	doc.add("info", info.object(v))
	doc.add("servers", info.servers())
	doc.add("tags", b.tags(list))
	paths := &object{}
	for _, item := range items {
		paths.members = append(paths.members, objectMember{item.path.text, b.pathObject(item)})
	}
	doc.set("paths", paths)
	components := &object{}
	components.add("schemas", b.schemas())
	b.security.sort()
	components.add("securitySchemes", b.security)
	doc.add("components", components)
	return doc, errors.Join(b.faults...)
}

// included returns the operations that the document is about.
func (b *builder) included(list []endpoint.Operation) []endpoint.Operation {
	include := b.info.Include
	if include == nil {
		include = func(op endpoint.Operation) bool { return !op.Hidden }
	}
	return slices.DeleteFunc(list, func(op endpoint.Operation) bool { return !include(op) })
}

// tags lists the tags, those that the Info describes first.
func (b *builder) tags(list []endpoint.Operation) []any {
	var out []any
	known := map[string]bool{}
	for _, t := range b.info.Tags {
		known[t.Name] = true
		o := &object{}
		o.add("name", t.Name)
		o.add("description", t.Description)
		out = append(out, o)
	}
	others := map[string]bool{}
	for i := range list {
		for _, t := range list[i].Tags {
			if !known[t] {
				others[t] = true
			}
		}
	}
	for _, t := range sortedKeys(others) {
		o := &object{}
		o.add("name", t)
		out = append(out, o)
	}
	return out
}

// A pathItem is what the document says of one path.
type pathItem struct {
	path pathTemplate
	ops  []methodOperation
}

// A methodOperation is an operation as one method of a path.
type methodOperation struct {
	method string
	op     *endpoint.Operation
	object *object
}

// paths makes the operation objects, by path in order. Schemas are in them as
// they are, because components have no names yet.
func (b *builder) paths(list []endpoint.Operation) []*pathItem {
	shapes := map[string]*pathItem{}
	for i := range list {
		op := &list[i]
		for _, method := range b.methods(op) {
			item := place(shapes, templateOf(op), method)
			item.ops = append(item.ops, methodOperation{method: method, op: op})
		}
	}
	items := slices.SortedFunc(maps.Values(shapes), func(x, y *pathItem) int { return cmp.Compare(x.path.text, y.path.text) })
	ids := operationIDs(items)
	for _, item := range items {
		slices.SortFunc(item.ops, func(x, y methodOperation) int {
			return cmp.Or(cmp.Compare(methodRank(x.method), methodRank(y.method)), cmp.Compare(x.method, y.method))
		})
		for k := range item.ops {
			m := &item.ops[k]
			path := templateOf(m.op).as(item.path)
			m.object = b.operation(m.op, path, m.method, ids[m.op][m.method])
		}
	}
	return items
}

// place returns the item of a path for a method, which is a new one if nothing
// has its shape. What follows a prefix looks like a parameter; where one has
// the method already, the prefix is told by its own path alone.
func place(shapes map[string]*pathItem, path pathTemplate, method string) *pathItem {
	item := shapes[path.shape()]
	if item != nil && item.has(method) && path.bare != "" {
		path = pathTemplate{text: path.bare, names: path.names}
		item = shapes[path.shape()]
	}
	if item == nil {
		item = &pathItem{path: path}
		shapes[path.shape()] = item
	}
	return item
}

func (item *pathItem) has(method string) bool {
	return slices.ContainsFunc(item.ops, func(m methodOperation) bool { return m.method == method })
}

// methods returns the methods of an operation, all that the version knows for "*".
func (b *builder) methods(op *endpoint.Operation) []string {
	if !slices.Contains(op.Methods, "*") {
		return op.Methods
	}
	if b.version == v32 {
		return fixedMethods()
	}
	return fixedMethods()[:8]
}

// fixedMethods are the methods that OpenAPI has names for, QUERY since 3.2.
func fixedMethods() []string {
	return []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"}
}

func methodRank(method string) int {
	if i := slices.Index(fixedMethods(), method); i >= 0 {
		return i
	}
	return len(fixedMethods())
}

// pathObject writes a path item. Methods that the version has no name for are
// in an extension.
func (b *builder) pathObject(item *pathItem) *object {
	o := &object{}
	others := &object{}
	for i := range item.ops {
		m := &item.ops[i]
		resolved, _ := resolve(m.object, b.version).(*object)
		resolved = b.amend(m.op, resolved)
		rank := methodRank(m.method)
		if rank < 8 || rank == 8 && b.version == v32 {
			o.set(strings.ToLower(m.method), resolved)
		} else {
			others.set(m.method, resolved)
		}
	}
	if b.version == v32 {
		o.add("additionalOperations", others)
	} else {
		o.add("x-additionalOperations", others)
	}
	return o
}

// resolve replaces the schemas in a tree by their objects.
func resolve(v any, version version) any {
	switch v := v.(type) {
	case *schema:
		return v.object(version)
	case *object:
		for i := range v.members {
			v.members[i].value = resolve(v.members[i].value, version)
		}
	case []any:
		for i := range v {
			v[i] = resolve(v[i], version)
		}
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
