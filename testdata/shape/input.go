package shape

import (
	"net/http"
	"time"

	"github.com/seed217079a1/endpoint"
)

func takes[T any](T) string { return "" }

type untagged struct {
	ID   string `query:"id"`
	Full bool
}

type notExported struct {
	ID   string `query:"id"`
	full bool   `query:"full"`
}

type twoSources struct {
	ID string `query:"id" header:"X-Id"`
}

type sameName struct {
	A string `query:"id"`
	B string `query:"id"`
}

type emptyName struct {
	ID string `query:""`
}

type unknownOption struct {
	ID string `query:"id,omitempty"`
}

type commaScalar struct {
	ID string `query:"id,comma"`
}

type headerName struct {
	ID string `header:"X Id"`
}

type cookieSlice struct {
	ID []string `cookie:"id"`
}

type headerMap struct {
	Filter map[string]string `header:"filter"`
}

type fieldOfStruct struct {
	User user `query:"user"`
}

type fieldOfAny struct {
	Value any `query:"value"`
}

type fieldOfBytes struct {
	Value http.Header `query:"value"`
}

type fileString struct {
	Doc string `file:"doc"`
}

type bodyAndForm struct {
	Name string `form:"name"`
	User user   `body:""`
}

type bodyAndFile struct {
	Doc  *endpoint.File `file:"doc"`
	User user           `body:""`
}

type twoBodyFields struct {
	A user `body:""`
	B user `body:""`
}

type formInput struct {
	Name string `form:"name"`
}

type fileInput struct {
	Doc *endpoint.File `file:"doc"`
}

type bodyInput struct {
	User user `body:""`
}

func takesTwoBodies(user, map[string]int) string { return "" }

func takesBodyAndForm(user, formInput) string { return "" }

func takesFormAndFile(formInput, fileInput) string { return "" }

func takesBytesAndBody([]byte, bodyInput) string { return "" }

type embedsPointer struct {
	*formInput
	ID string `query:"id"`
}

// inputs are structs whose fields do not say where they come from.
func inputs() []Case {
	return []Case{
		{"untagged field", "nothing says whether a client may set it", on(func(api *endpoint.API) {
			api.Get("x", takes[untagged]) // want `parameter 1 (shape.untagged): field Full: it names no source; add one of the tags path, query, header, cookie, form, file, body`
		})},
		{"unexported field", "nothing outside its package can set it", on(func(api *endpoint.API) {
			api.Get("x", takes[notExported]) // want `parameter 1 (shape.notExported): field full: it is not exported, so nothing can set it; write Full`
		})},
		{"two sources", "which of them wins", on(func(api *endpoint.API) {
			api.Get("x", takes[twoSources]) // want `parameter 1 (shape.twoSources): field ID: it names 2 sources, query and header; a field has exactly one, so keep one`
		})},
		{"same name", "one value for two fields", on(func(api *endpoint.API) {
			api.Get("x", takes[sameName]) // want `parameter 1 (shape.sameName): fields A and B both bind query "id"; keep one`
		})},
		{"empty name", "a name on the wire is never guessed", on(func(api *endpoint.API) {
			api.Get("x", takes[emptyName]) // want `parameter 1 (shape.emptyName): field ID: the tag query is empty; write the name on the wire, such as query:"id"`
		})},
		{"unknown tag option", "an option of JSON in another tag", on(func(api *endpoint.API) {
			api.Get("x", takes[unknownOption]) // want `parameter 1 (shape.unknownOption): field ID: the tag option "omitempty" is unknown; the one option is comma`
		})},
		{"comma of a scalar", "one value is not separated", on(func(api *endpoint.API) {
			api.Get("x", takes[commaScalar]) // want `parameter 1 (shape.commaScalar): field ID: the tag option comma is for slices; drop it or make the field a slice`
		})},
		{"header name", "no header can have it", on(func(api *endpoint.API) {
			api.Get("x", takes[headerName]) // want `parameter 1 (shape.headerName): field ID: "X Id" is not a name of a header; write letters, digits and hyphens`
		})},
		{"several of a cookie", "a cookie sent twice is a fault", on(func(api *endpoint.API) {
			api.Get("x", takes[cookieSlice]) // want `parameter 1 (shape.cookieSlice): field ID: a cookie has one value and type []string takes several; use the type of one`
		})},
		{"map of a header", "only queries have keys", on(func(api *endpoint.API) {
			api.Get("x", takes[headerMap]) // want `parameter 1 (shape.headerMap): field Filter: only a query makes a map, as filter[key]=value; use a slice or scalar`
		})},
		{"struct in a query", "one text is no struct", on(func(api *endpoint.API) {
			api.Get("x", takes[fieldOfStruct]) // want `parameter 1 (shape.fieldOfStruct): field User: type shape.user cannot be read from text; use a scalar, an encoding.TextUnmarshaler, a pointer, Opt or slice of one`
		})},
		{"any in a query", "one text has no type of its own", on(func(api *endpoint.API) {
			api.Get("x", takes[fieldOfAny]) // want `parameter 1 (shape.fieldOfAny): field Value: type interface {} cannot be read from text; use a scalar, an encoding.TextUnmarshaler, a pointer, Opt or slice of one`
		})},
		{"map of slices in a query", "one key has one value", on(func(api *endpoint.API) {
			api.Get("x", takes[fieldOfBytes]) // want `parameter 1 (shape.fieldOfBytes): field Value: type http.Header cannot be read from text; use a scalar, an encoding.TextUnmarshaler, a pointer, Opt or slice of one`
		})},
		{"file as a string", "a file may be larger than memory", on(func(api *endpoint.API) {
			api.Post("x", takes[fileString]) // want `parameter 1 (shape.fileString): field Doc: type string cannot hold a file; use *endpoint.File or []*endpoint.File`
		})},
		{"embedded pointer", "nothing says when it is nil", on(func(api *endpoint.API) {
			api.Post("x", takes[embedsPointer]) // want `parameter 1 (shape.embedsPointer): field formInput: it is embedded as a pointer, which nothing would make; embed shape.formInput itself`
		})},
		{"two body fields", "a request has one body", on(func(api *endpoint.API) {
			api.Post("x", takes[twoBodyFields]) // want `parameter 1 (shape.twoBodyFields): fields A and B both are the body; a request has one, so keep one`
		})},
		{"body and form", "likewise: a form is the body", on(func(api *endpoint.API) {
			api.Post("x", takes[bodyAndForm]) // want `parameter 1 (shape.bodyAndForm): fields Name and User both read the body, as form and body; a request has one, so take all from one of them`
		})},
		{"body and file", "likewise: files are in the body", on(func(api *endpoint.API) {
			api.Post("x", takes[bodyAndFile]) // want `parameter 1 (shape.bodyAndFile): fields Doc and User both read the body, as file and body; a request has one, so take all from one of them`
		})},
		{"two body parameters", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takesTwoBodies) // want `parameter 2 (map[string]int): the body is read already, by parameter 1 (shape.user); a request has one body, so take all that is in it as one parameter`
		})},
		{"body and form parameters", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takesBodyAndForm) // want `parameter 2 (shape.formInput): the body is read already, by parameter 1 (shape.user); a request has one body, so take all that is in it as one parameter`
		})},
		{"form and file parameters", "likewise: one struct takes both", on(func(api *endpoint.API) {
			api.Post("x", takesFormAndFile) // want `parameter 2 (shape.fileInput): the body is read already, by parameter 1 (shape.formInput); a request has one body, so take all that is in it as one parameter`
		})},
		{"raw body and body field", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takesBytesAndBody) // want `parameter 2 (shape.bodyInput): the body is read already, by parameter 1 ([]uint8); a request has one body, so take all that is in it as one parameter`
		})},
	}
}

type badDefault struct {
	Page int `query:"page" default:"one"`
}

type badDuration struct {
	Wait time.Duration `query:"wait" default:"5"`
}

type defaultAndRequired struct {
	Page int `query:"page" default:"1" validate:"required"`
}

type defaultAgainstRule struct {
	Page int `query:"page" default:"0" validate:"min=1"`
}

type pathDefault struct {
	ID int `path:"id" default:"1"`
}

type bodyDefault struct {
	User user `body:"" default:"{}"`
}

type unknownRule struct {
	Mail string `query:"mail" validate:"mail"`
}

type misfittingRule struct {
	On bool `query:"on" validate:"min=3"`
}

type badParameter struct {
	Page int `query:"page" validate:"min=a"`
}

type noField struct {
	Mail  string `query:"mail"`
	Again string `query:"again" validate:"eqfield=Email"`
}

type badRequiredIf struct {
	Mail string `query:"mail" validate:"required_if=Phone 1"`
}

type diveScalar struct {
	Page int `query:"page" validate:"dive,min=1"`
}

type emptyRule struct {
	Page int `query:"page" validate:"min=1,,max=9"`
}

// rules are faults of default and validate tags.
func rules() []Case {
	return []Case{
		{"default of another type", "it could never be taken", on(func(api *endpoint.API) {
			api.Get("x", takes[badDefault]) // want `parameter 1 (shape.badDefault): field Page: default "one": it must be an integer of at most 64 bits; write such a value`
		})},
		{"default without a unit", "a duration has one", on(func(api *endpoint.API) {
			api.Get("x", takes[badDuration]) // want `parameter 1 (shape.badDuration): field Wait: default "5": it must be a duration such as 1m30s; write such a value`
		})},
		{"default and required", "one of the two never acts", on(func(api *endpoint.API) {
			api.Get("x", takes[defaultAndRequired]) // want `parameter 1 (shape.defaultAndRequired): field Page: a required field never takes its default "1"; drop one of the two`
		})},
		{"default against its rule", "a request without it would be refused", on(func(api *endpoint.API) {
			api.Get("x", takes[defaultAgainstRule]) // want `parameter 1 (shape.defaultAgainstRule): field Page: default "0": it breaks the rule min; write a value that obeys it`
		})},
		{"default of a path parameter", "it never acts", on(func(api *endpoint.API) {
			api.Get("x/:id", takes[pathDefault]) // want `parameter 1 (shape.pathDefault): field ID: a path parameter is always there and never takes its default; drop it`
		})},
		{"default of a body", "members have their own", on(func(api *endpoint.API) {
			api.Post("x", takes[bodyDefault]) // want `parameter 1 (shape.bodyDefault): field User: a body takes no default; set the defaults of its members`
		})},
		{"unknown rule", "nothing would be checked", on(func(api *endpoint.API) {
			api.Get("x", takes[unknownRule]) // want `parameter 1 (shape.unknownRule): field Mail: validate rule "mail" is unknown; write one that validator/v10 lists`
		})},
		{"misfitting rule", "a bool has no least value", on(func(api *endpoint.API) {
			api.Get("x", takes[misfittingRule]) // want `parameter 1 (shape.misfittingRule): field On: validate rule "min=3" does not fit type bool; write a rule and a value for that type`
		})},
		{"parameter of a rule", "a least value is a number", on(func(api *endpoint.API) {
			api.Get("x", takes[badParameter]) // want `parameter 1 (shape.badParameter): field Page: validate rule "min=a" does not fit type int; write a rule and a value for that type`
		})},
		{"rule naming no field", "nothing to compare with", on(func(api *endpoint.API) {
			api.Get("x", takes[noField]) // want `parameter 1 (shape.noField): field Again: rule eqfield=Email names no field of noField; write the Go name of a field`
		})},
		{"condition naming no field", "likewise", on(func(api *endpoint.API) {
			api.Get("x", takes[badRequiredIf]) // want `parameter 1 (shape.badRequiredIf): field Mail: rule required_if=Phone 1 names no field of badRequiredIf; write the Go name of a field`
		})},
		{"dive into a scalar", "it has no elements", on(func(api *endpoint.API) {
			api.Get("x", takes[diveScalar]) // want `parameter 1 (shape.diveScalar): field Page: rule dive does not fit type int; it goes into slices, arrays and maps`
		})},
		{"empty rule", "a comma too many", on(func(api *endpoint.API) {
			api.Get("x", takes[emptyRule]) // want `parameter 1 (shape.emptyRule): field Page: validate tag has an empty rule; take the extra comma out`
		})},
	}
}
