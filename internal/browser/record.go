package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Message is what a page said to its developer.
type Message struct {
	// Kind is the level of the console: "log", "debug", "info", "warning" or
	// "error", where failed loads are errors too; "exception" for one that
	// nobody caught; or "policy" for what Content-Security-Policy refused.
	Kind string
	Text string
}

// A record is what happened in a page, in order.
type record struct {
	mu       sync.Mutex
	messages []Message
	requests []string
}

// Messages returns all that the page said since it was opened or forgot.
func (p *Page) Messages() []Message {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	return slices.Clone(p.record.messages)
}

// Complaints returns the messages of a page that is not well: warnings,
// errors, exceptions, and what its policy refused.
func (p *Page) Complaints() []Message {
	return slices.DeleteFunc(p.Messages(), func(m Message) bool {
		return !slices.Contains([]string{"warning", "error", "exception", "policy"}, m.Kind)
	})
}

// Requests returns the addresses that the page asked for, or tried to, in
// order, without those that never leave it (data: and blob:).
func (p *Page) Requests() []string {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	return slices.Clone(p.record.requests)
}

// Forget empties the record.
func (p *Page) Forget() {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	p.record.messages, p.record.requests = nil, nil
}

func (r *record) add(m message) {
	said, address := read(m)
	r.mu.Lock()
	defer r.mu.Unlock()
	if said.Kind != "" {
		r.messages = append(r.messages, said)
	}
	if address != "" && !strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "blob:") {
		r.requests = append(r.requests, address)
	}
}

// read returns what an event says, and the address that it asks for.
func read(m message) (said Message, address string) {
	switch m.Method {
	case "Runtime.consoleAPICalled":
		return consoleMessage(m.Params), ""
	case "Runtime.exceptionThrown":
		return exception(m.Params), ""
	case "Log.entryAdded":
		return logEntry(m.Params), ""
	case "Audits.issueAdded":
		return refusal(m.Params), ""
	case "Network.requestWillBeSent":
		var e struct{ Request struct{ URL string } }
		_ = json.Unmarshal(m.Params, &e)
		return Message{}, e.Request.URL
	case "Network.webSocketCreated":
		var e struct{ URL string }
		_ = json.Unmarshal(m.Params, &e)
		return Message{}, e.URL
	}
	return Message{}, ""
}

func consoleMessage(params []byte) Message {
	var e struct {
		Type string
		Args []struct {
			Value       any
			Description string
		}
	}
	_ = json.Unmarshal(params, &e)
	var words []string
	for _, a := range e.Args {
		if a.Description != "" {
			words = append(words, a.Description)
			continue
		}
		words = append(words, fmt.Sprint(a.Value))
	}
	if e.Type == "assert" {
		e.Type = "error"
	}
	return Message{e.Type, strings.Join(words, " ")}
}

func exception(params []byte) Message {
	var e struct {
		ExceptionDetails struct {
			Text, URL  string
			LineNumber int
			Exception  struct{ Description string }
		}
	}
	_ = json.Unmarshal(params, &e)
	d := e.ExceptionDetails
	return Message{"exception", fmt.Sprintf("%s %s at %s:%d", d.Text, d.Exception.Description, d.URL, d.LineNumber+1)}
}

func logEntry(params []byte) Message {
	var e struct {
		Entry struct{ Level, Source, Text, URL string }
	}
	_ = json.Unmarshal(params, &e)
	if e.Entry.Level == "verbose" {
		e.Entry.Level = "debug"
	}
	return Message{e.Entry.Level, strings.TrimSpace(e.Entry.Source + ": " + e.Entry.Text + " " + e.Entry.URL)}
}

func refusal(params []byte) Message {
	var e struct {
		Issue struct {
			Code    string
			Details struct {
				Policy *struct {
					BlockedURL         string
					ViolatedDirective  string
					Kind               string `json:"contentSecurityPolicyViolationType"`
					SourceCodeLocation struct {
						URL        string
						LineNumber int
					}
				} `json:"contentSecurityPolicyIssueDetails"`
			}
		}
	}
	_ = json.Unmarshal(params, &e)
	d := e.Issue.Details.Policy
	if d == nil {
		return Message{} // other issues are advice
	}
	return Message{"policy", strings.TrimSpace(fmt.Sprintf("%s (%s) %s at %s:%d",
		d.ViolatedDirective, d.Kind, d.BlockedURL, d.SourceCodeLocation.URL, d.SourceCodeLocation.LineNumber+1))}
}
