package shape

import (
	"context"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/seed217079a1/endpoint"
)

type chanMember struct {
	Name string   `json:"name"`
	Done chan int `json:"done"`
}

type deepMember struct {
	List []chanMember `json:"list"`
}

type duplicateMember struct {
	A string `json:"name"`
	B string `json:"name"`
}

type mapKey struct {
	Points map[[2]int]string `json:"points"`
}

type memberRule struct {
	Mail string `json:"mail" validate:"mail"`
}

type memberDefault struct {
	Page int `json:"page" default:"one"`
}

type memberRequired struct {
	Page int `json:"page" default:"1" validate:"required"`
}

type memberFile struct {
	Docs []*endpoint.File `json:"docs"`
}

type memberSource struct {
	User deepSource `json:"user"`
}

type deepSource struct {
	ID   string `path:"id"`
	Name string `json:"name"`
}

type interfaceMember struct {
	Body io.Reader `json:"body"`
}

type bodyOfChan struct {
	In chanMember `body:""`
}

// bodies are types that JSON cannot be read into.
func bodies() []Case {
	return []Case{
		{"chan in a body", "no JSON is a channel", on(func(api *endpoint.API) {
			api.Post("x", takes[chanMember]) // want `parameter 1 (shape.chanMember): field chanMember.Done: type chan int cannot be read from JSON; use a type that can`
		})},
		{"chan in a body field", "likewise in a field tagged body", on(func(api *endpoint.API) {
			api.Post("x", takes[bodyOfChan]) // want `parameter 1 (shape.bodyOfChan): field In: field chanMember.Done: type chan int cannot be read from JSON; use a type that can`
		})},
		{"chan in an element", "likewise further inside", on(func(api *endpoint.API) {
			api.Post("x", takes[deepMember]) // want `parameter 1 (shape.deepMember): field deepMember.List: field chanMember.Done: type chan int cannot be read from JSON; use a type that can`
		})},
		{"map of func", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takes[map[string]func()]) // want `parameter 1 (map[string]func()): type func() cannot be read from JSON; use a type that can`
		})},
		{"interface with methods", "nothing says which type to make", on(func(api *endpoint.API) {
			api.Post("x", takes[interfaceMember]) // want `parameter 1 (shape.interfaceMember): field interfaceMember.Body: type io.Reader cannot be read from JSON, which does not say what to make; use a struct or any`
		})},
		{"two members of one name", "JSON refuses the type", on(func(api *endpoint.API) {
			api.Post("x", takes[duplicateMember]) // want `parameter 1 (shape.duplicateMember): type shape.duplicateMember: Go struct fields A and B conflict over JSON object name "name"; mend the json tags`
		})},
		{"key of a map", "an array is no member name", on(func(api *endpoint.API) {
			api.Post("x", takes[mapKey]) // want `parameter 1 (shape.mapKey): field mapKey.Points: type map[[2]int]string has keys that can never be JSON member names; use strings, numbers or an encoding.TextMarshaler`
		})},
		{"duration in a body", "JSON has no agreed form of it", on(func(api *endpoint.API) {
			api.Post("x", takes[durationMember]) // want `parameter 1 (shape.durationMember): field durationMember.Wait: a time.Duration has no agreed form in JSON; use a number of a unit that its name tells, or a type with MarshalText and UnmarshalText`
		})},
		{"durations in a body", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takes[durationElement]) // want `parameter 1 (shape.durationElement): field durationElement.Waits: a time.Duration has no agreed form in JSON; use a number of a unit that its name tells, or a type with MarshalText and UnmarshalText`
		})},
		{"embedded pointer in a body", "rules of its members would not act", on(func(api *endpoint.API) {
			api.Post("x", takes[embeddedExported]) // want `parameter 1 (shape.embeddedExported): field embeddedExported.Member: what an embedded pointer leads to takes no rules and defaults; embed shape.Member by value, or give it a name in JSON`
		})},
		{"embedded unexported pointer in a body", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takes[embeddedPointer]) // want `parameter 1 (shape.embeddedPointer): field embeddedPointer.user: it is an embedded pointer to an unexported struct, which nothing can make; embed shape.user by value`
		})},
		{"any", "any value of any source", on(func(api *endpoint.API) {
			api.Post("x", takes[any]) // want `parameter 1 (interface {}): it says nothing of what is wanted; take a struct, map or slice for the body`
		})},
		{"unknown rule of a member", "nothing would be checked", on(func(api *endpoint.API) {
			api.Post("x", takes[memberRule]) // want `parameter 1 (shape.memberRule): field memberRule.Mail: validate rule "mail" is unknown; write one that validator/v10 lists`
		})},
		{"default of a member", "it could never be taken", on(func(api *endpoint.API) {
			api.Post("x", takes[memberDefault]) // want `parameter 1 (shape.memberDefault): field memberDefault.Page: default "one": it must be an integer of at most 64 bits; write such a value`
		})},
		{"default and required of a member", "one of the two never acts", on(func(api *endpoint.API) {
			api.Post("x", takes[memberRequired]) // want `parameter 1 (shape.memberRequired): field memberRequired.Page: default "1": a required member never takes its default; drop one of the two`
		})},
		{"file inside a body", "a file is not JSON", on(func(api *endpoint.API) {
			api.Post("x", takes[memberFile]) // want `parameter 1 (shape.memberFile): field memberFile.Docs: a file is no JSON; take a struct with fields tagged file and form`
		})},
		{"source inside a body", "a body cannot bind a path parameter", on(func(api *endpoint.API) {
			api.Post("x/:id", takes[memberSource]) // want `parameter 1 (shape.memberSource): field memberSource.User: field deepSource.ID: it is a member of the body and cannot bind a path parameter; take that in an input struct beside the body` `path parameter "id" is bound by nothing; add a field tagged path:"id", a parameter by position, or take an *endpoint.Request`
		})},
	}
}

type durationMember struct {
	Wait time.Duration `json:"wait"`
}

type durationElement struct {
	Waits []time.Duration `json:"waits"`
}

type embeddedPointer struct {
	*user
	Page int `json:"page"`
}

type embeddedExported struct {
	*Member
	Page int `json:"page"`
}

// Member has a rule that nothing would check.
type Member struct {
	Mail string `json:"mail" validate:"email"`
}

func returnsDuration() durationMember { return durationMember{} }

func returnsError() *endpoint.Error { return nil }

func returnsEvent() endpoint.Event { return endpoint.Event{} }

func returnsThree() (string, int, error) { return "", 0, nil }

func returnsTwo() (string, int) { return "", 0 }

func returnsErrorFirst() (error, string) { return nil, "" } //nolint:staticcheck // the order is the fault

func returnsErrors() (error, error) { return nil, nil } //nolint:staticcheck // the second one is the fault

func returnsChan() chan int { return nil }

func returnsFunc() func() { return nil }

func returnsComplex() complex128 { return 0 }

func returnsMember() chanMember { return chanMember{} }

func returnsElement() ([]deepMember, error) { return nil, nil }

func returnsDuplicate() *duplicateMember { return nil }

func returnsSeq2() iter.Seq2[string, int] { return nil }

func returnsSeqOfChan() iter.Seq[chan int] { return nil }

func returnsMapKey() map[[2]int]string { return nil }

func writesAndReturns(http.ResponseWriter, *http.Request) string { return "" }

func typedMember(context.Context, user) (chanMember, error) { return chanMember{}, nil }

// results are results that cannot be answered.
func results() []Case {
	return []Case{
		{"three results", "a result and an error are all there is", on(func(api *endpoint.API) {
			api.Get("x", returnsThree) // want `the handler returns (string, int, error); return nothing, error, T, or (T, error)`
		})},
		{"two results", "the second is an error", on(func(api *endpoint.API) {
			api.Get("x", returnsTwo) // want `the handler returns (string, int); return nothing, error, T, or (T, error)`
		})},
		{"error first", "the error comes last", on(func(api *endpoint.API) {
			api.Get("x", returnsErrorFirst) // want `the handler returns (error, string); return nothing, error, T, or (T, error)`
		})},
		{"two errors", "one is enough", on(func(api *endpoint.API) {
			api.Get("x", returnsErrors) // want `the handler returns two errors; return one`
		})},
		{"chan result", "no JSON is a channel", on(func(api *endpoint.API) {
			api.Get("x", returnsChan) // want `result chan int: type chan int can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"func result", "a function that is no iterator", on(func(api *endpoint.API) {
			api.Get("x", returnsFunc) // want `result func(): type func() can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"complex result", "no JSON is a complex number", on(func(api *endpoint.API) {
			api.Get("x", returnsComplex) // want `result complex128: type complex128 can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"chan in a result", "likewise in a member", on(func(api *endpoint.API) {
			api.Get("x", returnsMember) // want `result shape.chanMember: field chanMember.Done: type chan int can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"chan in an element of a result", "likewise further inside", on(func(api *endpoint.API) {
			api.Get("x", returnsElement) // want `result []shape.deepMember: field deepMember.List: field chanMember.Done: type chan int can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"duplicate member of a result", "JSON refuses the type", on(func(api *endpoint.API) {
			api.Get("x", returnsDuplicate) // want `result *shape.duplicateMember: type shape.duplicateMember: Go struct fields A and B conflict over JSON object name "name"; mend the json tags`
		})},
		{"key of a map in a result", "an array is no member name", on(func(api *endpoint.API) {
			api.Get("x", returnsMapKey) // want `result map[[2]int]string: type map[[2]int]string has keys that can never be JSON member names; use strings, numbers or an encoding.TextMarshaler`
		})},
		{"duration in a result", "JSON has no agreed form of it", on(func(api *endpoint.API) {
			api.Get("x", returnsDuration) // want `result shape.durationMember: field durationMember.Wait: a time.Duration has no agreed form in JSON; use a number of a unit that its name tells, or a type with MarshalText and UnmarshalText`
		})},
		{"Error as a result", "it would be a success", on(func(api *endpoint.API) {
			api.Get("x", returnsError) // want `result *endpoint.Error: it would be answered as a success; return it as an error`
		})},
		{"one event", "events are a stream", on(func(api *endpoint.API) {
			api.Get("x", returnsEvent) // want `result endpoint.Event: an event is an element of a stream; return iter.Seq2[endpoint.Event, error]`
		})},
		{"iterator of pairs", "the second of a pair is an error", on(func(api *endpoint.API) {
			api.Get("x", returnsSeq2) // want `result iter.Seq2[string,int]: the second value of an iterator is its error; return iter.Seq[T] or iter.Seq2[T, error]`
		})},
		{"iterator of channels", "an element is JSON", on(func(api *endpoint.API) {
			api.Get("x", returnsSeqOfChan) // want `result iter.Seq[chan int]: type chan int can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
		{"writer and result", "which of them is the answer", on(func(api *endpoint.API) {
			api.Get("x", writesAndReturns) // want `the handler takes an http.ResponseWriter and returns string; write the answer or return it, and nothing or an error beside a writer`
		})},
		{"Typed", "the fault names the function inside", on(func(api *endpoint.API) {
			api.Post("x", endpoint.Typed(typedMember)) // want `result shape.chanMember: field chanMember.Done: type chan int can never be JSON; use a type that can, or tag a field json:"-" to leave it out`
		})},
	}
}
