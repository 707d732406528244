package endpointtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/jsonschema"
	"github.com/seed217079a1/endpoint/openapi"
)

// A contract is the document that answers are held to. It is read when it is
// needed first, and again when the API has changed.
type contract struct {
	api   *endpoint.API
	mount string
	info  openapi.Info

	mu      sync.Mutex
	read    bool
	version uint64
	doc     *document
	err     error
}

// document returns the document of the API as it is now.
func (k *contract) document() (*document, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if version := k.api.Version(); !k.read || version != k.version {
		k.doc, k.err = loadDocument(k.api, k.info)
		k.read, k.version = true, version
	}
	return k.doc, k.err
}

// find returns the operation of a request, nil if it is none of the API's.
func (k *contract) find(r *http.Request) (*operation, error) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), strings.TrimSuffix(k.mount, "/"))
	if !below || !strings.HasPrefix(path, "/") {
		return nil, nil
	}
	doc, err := k.document()
	if err != nil {
		return nil, err
	}
	return doc.find(r.Method, path), nil
}

// check holds the answer against the document; its body once it is complete.
// What is found is reported, and the test goes on.
func (a *Answer) check() {
	k := a.client.contract
	if _, ended := a.exchange.state(); k == nil || a.checked || !ended && a.headChecked {
		return
	}
	a.client.t.Helper()
	faults, err := a.faults(k)
	if err != nil {
		a.client.t.Errorf("endpointtest: the API has no document: %v", err)
	}
	if len(faults) > 0 {
		a.checked = true
		a.client.t.Errorf("the document does not have this answer: %s%s", strings.Join(faults, "\n\t"), a.dump())
	}
}

// faults returns where the answer is not what the document says.
func (a *Answer) faults(k *contract) ([]string, error) {
	op, err := k.find(a.exchange.request)
	if op == nil || err != nil {
		a.checked = true
		return nil, err
	}
	answer := a.result()
	response, fault := op.response(answer)
	if fault != "" {
		return []string{fault}, nil
	}
	x := a.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	a.headChecked, a.checked = true, x.ended
	if response == nil || bodiless(x.request.Method, x.status) {
		return nil, nil
	}
	m, fault := response.media(mediaType(answer.Header), len(x.body) > 0)
	if fault != "" {
		return []string{fault}, nil
	}
	if m == nil || !x.ended || x.cut || x.over {
		return nil, nil
	}
	return m.faults(mediaType(answer.Header), x.body), nil
}

// partial are the statuses by which net/http answers conditional requests and
// those for ranges; documents need not have them.
var partial = []int{http.StatusPartialContent, http.StatusNotModified, http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable}

// response returns what the document says of the answer's status, nil if there
// is nothing to say.
func (op *operation) response(answer *http.Response) (*response, string) {
	status := strconv.Itoa(answer.StatusCode)
	for _, key := range []string{status, status[:1] + "XX", "default"} {
		if r := op.responses[key]; r != nil {
			return r, ""
		}
	}
	if h := answer.Request.Header; slices.Contains(partial, answer.StatusCode) && asksForPart(h) {
		return nil, ""
	}
	var known []string
	for status := range op.responses {
		known = append(known, status)
	}
	slices.Sort(known)
	return nil, fmt.Sprintf("status %s of %s %s is not documented; documented are %s", status, op.method, op.path.template, strings.Join(known, ", "))
}

func asksForPart(h http.Header) bool {
	for _, name := range []string{"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// media returns the content of a media type, nil if there is nothing to say.
func (r *response) media(mediaType string, body bool) (*media, string) {
	group, _, _ := strings.Cut(mediaType, "/")
	for _, key := range []string{mediaType, group + "/*", "*/*"} {
		if m := r.content[key]; m != nil {
			return m, ""
		}
	}
	switch {
	case !body:
		return nil, ""
	case len(r.content) == 0:
		return nil, "it has a body, and the document has none"
	}
	var known []string
	for name := range r.content {
		known = append(known, name)
	}
	slices.Sort(known)
	return nil, fmt.Sprintf("content type %q is not documented; documented are %s", mediaType, strings.Join(known, ", "))
}

// maxFaults is how many faults of one body are reported.
const maxFaults = 8

// faults returns where a body is not what the schema says.
func (m *media) faults(mediaType string, body []byte) []string {
	var faults []string
	check := func(s *jsonschema.Schema, where string, v any) {
		for _, f := range s.Validate(v) {
			if len(faults) < maxFaults {
				faults = append(faults, fmt.Sprintf("body%s%s: %s, by the schema at %s", where, space(f.Pointer), f.Message, m.at))
			}
		}
	}
	decoded := func(s *jsonschema.Schema, where string, text []byte) {
		v, err := jsonschema.Decode(text)
		if err != nil {
			faults = append(faults, fmt.Sprintf("body%s is no JSON: %v", where, err))
			return
		}
		check(s, where, v)
	}
	switch {
	case isJSON(mediaType) && m.schema != nil:
		decoded(m.schema, "", body)
	case mediaType == "application/jsonl" && m.item != nil:
		for i, line := range slices.Collect(strings.Lines(string(body))) {
			decoded(m.item, fmt.Sprintf(" line %d", i+1), []byte(line))
		}
	case mediaType == "text/event-stream" && m.item != nil:
		for i, block := range strings.Split(string(body), "\n\n") {
			if isEvent(block) {
				check(m.item, fmt.Sprintf(" event %d", i+1), eventValue(block))
			}
		}
	case strings.HasPrefix(mediaType, "text/") && m.schema != nil:
		check(m.schema, "", string(body))
	}
	return faults
}

// space puts a space before a pointer that is not empty.
func space(pointer string) string {
	if pointer == "" {
		return ""
	}
	return " " + pointer
}

// eventValue is an event as the schema of an element of a stream sees it: an
// object of its fields, each a text but for retry.
func eventValue(block string) any {
	object := map[string]any{}
	e := parseEvent(block)
	for line := range strings.SplitSeq(block, "\n") {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "id":
			object["id"] = e.ID
		case "event":
			object["event"] = e.Type
		case "data":
			object["data"] = e.Data
		case "retry":
			object["retry"] = jsonNumber(e.Retry.Milliseconds())
		}
	}
	return object
}
