package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
)

// A target is what performance asks of the adapter form. A zero figure is not asked for.
type target struct {
	peer   float64 // at most this share of the fastest net/http peer
	hand   float64 // at most this share of the hand-written limit
	allocs int     // at most; asked for if hasAllocs
	shape  float64 // another function shape: at most this share of the adapter form
}

// A benchCase is one row of the tables.
type benchCase struct {
	id, title string
	exchanges []exchange
	routes    []route // of C6; nil for the cases of contender.api
	fault     []string
	want      string // the JSON or text of the answer
	target    target
}

// faulty tells whether the requests are to be refused.
func (c *benchCase) faulty() bool { return c.fault != nil }

// itemCount is the size of C5.
const itemCount = 1000

// cases returns the cases C1 to C8.
func cases() []benchCase {
	const repo = "/orgs/golang/repos/tools?archived=true&label=bug&label=regression&"
	post := func(target, contentType, body string) []exchange {
		return []exchange{{method: "POST", target: target, contentType: contentType, body: body}}
	}
	get := func(target string) []exchange { return []exchange{{method: "GET", target: target}} }
	order := `{"number":"A-2026-0042","email":"ada@example.com","lines":2,"total":25338}`
	return append([]benchCase{
		{id: "C1", title: "constant text", exchanges: get("/hello"),
			want: "Hello, World!", target: target{0.35, 1.1, 0, 0}},
		{id: "C2", title: "one path parameter, JSON", exchanges: get("/users/42"),
			want: `{"id":42,"name":"Ada Lovelace","email":"ada@example.com"}`, target: target{0.6, 1.3, 3, 1.35}},
		{id: "C3", title: "path and query, validated", exchanges: get(repo + "page=3&sort=updated"),
			want:   `{"org":"golang","repo":"tools","page":3,"archived":true,"sort":"updated","labels":["bug","regression"]}`,
			target: target{0.4, 1.5, 7, 0}},
		{id: "C4", title: "JSON order, 407 bytes", exchanges: post("/orders", typeJSON, orderBody),
			want: order, target: target{0.35, 1.2, 8, 1.15}},
		{id: "C5", title: "JSON array of 1000 items", exchanges: post("/items", typeJSON, itemsBody(itemCount)),
			want: itemsAnswer(itemCount), target: target{0.5, 1.1, 3100, 0}},
		{id: "C7q", title: "C3, two values out of range", exchanges: get(repo + "page=3000&sort=size"),
			fault: []string{"page", "sort"}, target: target{0.75, 0, 30, 0}},
		{id: "C7p", title: "C3, page=three", exchanges: get(repo + "page=three&sort=updated"),
			fault: []string{"page"}, target: target{0, 0, -1, 0}},
		{id: "C7b", title: "C4, two nested values invalid", exchanges: post("/orders", typeJSON, badOrderBody()),
			fault: []string{"email", "quantity"}, target: target{0.75, 0, 60, 0}},
		{id: "C8", title: "form of ten fields, 1 KB", exchanges: post("/signup", typeForm, signupBody()),
			want:   `{"name":"Ada Lovelace","email":"ada@example.com","city":"London","age":36,"newsletter":true,"message":839}`,
			target: target{0.3, 1.2, 8, 0}},
	}, tableCases()...)
}

// tableCases returns the three forms of C6. An operation is one request; all routes take turns.
func tableCases() []benchCase {
	table := func(id, title string, routes []route, t target) benchCase {
		return benchCase{id: id, title: title, routes: routes, exchanges: requestsFor(routes), target: t}
	}
	return []benchCase{
		table("C6a", "GitHub, 203 routes", githubRoutes(false), target{0, 0, 1, 0}),
		table("C6b", "GitHub, 239 routes", githubRoutes(true), target{0.9, 1.1, 1, 0}),
		table("C6c", "10,000 synthetic routes", syntheticRoutes(10000), target{0.9, 1.1, 1, 0}),
	}
}

// check compares an answer with what the case asks of a contender.
// Peers word their refusals as they like; the limit and endpoint owe a problem that names each fault.
func (c *benchCase) check(r role, a answer) error {
	switch {
	case c.faulty() && (r == peer || r == other):
		if a.status != http.StatusBadRequest && a.status != http.StatusUnprocessableEntity {
			return fmt.Errorf("status %d, want 400 or 422: %.200q", a.status, a.body)
		}
		return nil
	case c.faulty():
		return c.checkProblem(a)
	case c.routes != nil:
		if a.status != http.StatusOK || a.body != tableText {
			return fmt.Errorf("status %d and body %.200q, want 200 and %q", a.status, a.body, tableText)
		}
		return nil
	case a.status != http.StatusOK:
		return fmt.Errorf("status %d, want 200: %.200q", a.status, a.body)
	case c.id == "C1":
		if a.body != c.want || !strings.HasPrefix(a.contentType, "text/plain") {
			return fmt.Errorf("%q as %q, want %q as text/plain", a.body, a.contentType, c.want)
		}
		return nil
	}
	return sameJSON(a, c.want)
}

func (c *benchCase) checkProblem(a answer) error {
	if a.status != http.StatusUnprocessableEntity || a.contentType != "application/problem+json" {
		return fmt.Errorf("status %d as %q, want 422 as application/problem+json: %.300q", a.status, a.contentType, a.body)
	}
	for _, name := range c.fault {
		if !strings.Contains(a.body, name) {
			return fmt.Errorf("the fault of %q is missing: %.300q", name, a.body)
		}
	}
	return nil
}

// sameJSON compares the decoded values.
func sameJSON(a answer, want string) error {
	if !strings.HasPrefix(a.contentType, typeJSON) {
		return fmt.Errorf("content type %q, want %q", a.contentType, typeJSON)
	}
	var got, wanted any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		return fmt.Errorf("body %.200q: %w", a.body, err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		return fmt.Errorf("BUG: wanted body: %w", err)
	}
	if !reflect.DeepEqual(got, wanted) {
		return fmt.Errorf("body %.300q, want %.300q", a.body, want)
	}
	return nil
}
