package openapi

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// Info is what a document says beside what the API knows of itself. Title and
// Version are required.
type Info struct {
	Title          string
	Version        string // of the API, not of OpenAPI
	Summary        string // not in version 3.0
	Description    string // Markdown
	TermsOfService string // a URL
	Contact        Contact
	License        License

	// Servers are the URLs where the API lives, without the paths of its
	// endpoints, such as "https://example.com". None means the host that serves
	// the document. A service that mounts the API below a path of its own says
	// so here.
	Servers []string
	// OpenAPI is the version of the document: "3.1", which "" means, "3.0" or "3.2".
	OpenAPI string
	// Tags describe tags; they come first, in this order.
	Tags []Tag

	// Include chooses the endpoints of a document, for those of one group or
	// audience. Nil takes all but those with the option Hidden.
	Include func(op endpoint.Operation) bool
	// Comments describe functions, types and fields that nothing else describes.
	Comments Comments
	// Unions are the types that hold one of several others.
	Unions []Union
	// Schemas are the schemas of types that make their own JSON, in the words
	// of the document's version, and replace what would be said of them. A type
	// of one's own is better a [Describer].
	Schemas map[reflect.Type]map[string]any
	// Amend may change the finished operation object of an endpoint. It is
	// called once for each method, after the options Amend of the endpoint.
	Amend func(op endpoint.Operation, object map[string]any)
}

// A Contact is whom to ask; what is empty is left out.
type Contact struct{ Name, URL, Email string }

// A License is that of the API. An Identifier is one of SPDX, which 3.0 does
// not have; of it and URL one may be given.
type License struct{ Name, Identifier, URL string }

// A Tag describes a tag of operations.
type Tag struct{ Name, Description string }

// A Union describes a type whose values are each of one of several types: an
// interface in results, or a type with its own JSON.
type Union struct {
	Type reflect.Type
	// Variants are the types by the value of Property, or by any text that
	// orders them if that is empty.
	Variants map[string]reflect.Type
	// Property is the JSON member whose value tells the variants apart. All of
	// them write it; "" means that their other members do.
	Property string
}

// A Describer is a type that makes its own text or JSON and says what that
// looks like, as a schema object without "null". The method is called on a
// value that may be zero.
type Describer interface{ OpenAPISchema() map[string]any }

// versions are the versions of OpenAPI by what Info says.
func (info *Info) version() (v version, text string, err error) {
	switch s := info.OpenAPI; {
	case s == "" || s == "3.1" || strings.HasPrefix(s, "3.1."):
		return v31, "3.1.1", nil
	case s == "3.0" || strings.HasPrefix(s, "3.0."):
		return v30, "3.0.3", nil
	case s == "3.2" || strings.HasPrefix(s, "3.2."):
		return v32, "3.2.0", nil
	}
	return 0, "", fmt.Errorf("openapi: Info.OpenAPI is %q; write 3.0, 3.1 or 3.2", info.OpenAPI)
}

// check reports what is missing or wrong.
func (info *Info) check() error {
	var faults []error
	if info.Title == "" {
		faults = append(faults, errors.New("openapi: Info.Title is empty; write the name of the API"))
	}
	if info.Version == "" {
		faults = append(faults, errors.New(`openapi: Info.Version is empty; write the version of the API, such as "1.0.0"`))
	}
	if l := info.License; l.Name == "" && l != (License{}) {
		faults = append(faults, errors.New("openapi: Info.License has no Name; write one, such as \"Apache 2.0\""))
	}
	if l := info.License; l.Identifier != "" && l.URL != "" {
		faults = append(faults, errors.New("openapi: Info.License has an Identifier and a URL; keep one"))
	}
	if _, _, err := info.version(); err != nil {
		faults = append(faults, err)
	}
	if slices.Contains(info.Servers, "") {
		faults = append(faults, errors.New("openapi: Info.Servers has an empty URL; drop it, or write \"/\" for the host of the document"))
	}
	return errors.Join(append(faults, info.checkTags(), info.checkUnions())...)
}

// checkTags reports tags without a name, and those that are described twice.
func (info *Info) checkTags() error {
	var faults []error
	seen := map[string]bool{}
	for _, t := range info.Tags {
		switch {
		case t.Name == "":
			faults = append(faults, errors.New("openapi: Info.Tags has a tag without Name; write one"))
		case seen[t.Name]:
			faults = append(faults, fmt.Errorf("openapi: Info.Tags has %q twice; keep one", t.Name))
		}
		seen[t.Name] = true
	}
	return errors.Join(faults...)
}

// checkUnions reports unions of nothing, and variants that cannot be one.
func (info *Info) checkUnions() error {
	var faults []error
	seen := map[reflect.Type]bool{}
	for _, u := range info.Unions {
		switch {
		case u.Type == nil || len(u.Variants) == 0:
			faults = append(faults, fmt.Errorf("openapi: the union of %v has no variants or no type; name both", u.Type))
		case seen[u.Type]:
			faults = append(faults, fmt.Errorf("openapi: there are two unions of %s; keep one", u.Type))
		}
		seen[u.Type] = true
		for _, value := range sortedKeys(u.Variants) {
			if v := u.Variants[value]; !u.holds(v) {
				faults = append(faults, fmt.Errorf("openapi: the union of %v cannot hold its variant %q, which is %v; name a type that it holds", u.Type, value, v))
			}
		}
	}
	return errors.Join(faults...)
}

// holds reports whether a type can be a variant.
func (u *Union) holds(v reflect.Type) bool {
	if v == nil || v == u.Type {
		return false
	}
	return u.Type == nil || u.Type.Kind() != reflect.Interface || v.Implements(u.Type) || reflect.PointerTo(v).Implements(u.Type)
}

// A version is one of OpenAPI.
type version uint8

const (
	v30 version = iota
	v31
	v32
)

// object returns the info object.
func (info *Info) object(v version) *object {
	o := &object{}
	o.add("title", info.Title)
	if v >= v31 {
		o.add("summary", info.Summary)
	}
	o.add("description", info.Description)
	o.add("termsOfService", info.TermsOfService)
	contact := &object{}
	contact.add("name", info.Contact.Name)
	contact.add("url", info.Contact.URL)
	contact.add("email", info.Contact.Email)
	o.add("contact", contact)
	license := &object{}
	license.add("name", info.License.Name)
	if v >= v31 {
		license.add("identifier", info.License.Identifier)
	}
	license.add("url", info.License.URL)
	o.add("license", license)
	o.add("version", info.Version)
	return o
}

// servers returns the list of servers. What serves the document is written out,
// as some readers ask for a list.
func (info *Info) servers() []any {
	var list []any
	for _, url := range info.Servers {
		o := &object{}
		o.add("url", url)
		list = append(list, o)
	}
	if list == nil {
		o := &object{}
		o.add("url", "/")
		list = append(list, o)
	}
	return list
}
