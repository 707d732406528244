package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/seed217079a1/endpoint"
)

// The fields of an input name where they come from.
func ExampleAPI_Handle_input() {
	type search struct {
		Shop  string         `path:"shop"`
		Query string         `query:"q" validate:"required,max=40"`
		Page  int            `default:"1" query:"page" validate:"min=1"`
		Tags  []string       `query:"tag"`
		IDs   []int          `query:"ids,comma"`
		Price map[string]int `query:"price"`
		Since *time.Time     `query:"since"`
		Lang  string         `default:"en" header:"Accept-Language"`
		Theme string         `cookie:"theme"`
	}
	api := endpoint.New()
	api.Get("shops/:shop/search", func(in search) string {
		return fmt.Sprintf("shop %s, q %q, page %d, tags %q, ids %v, price %v, since %v, language %s",
			in.Shop, in.Query, in.Page, in.Tags, in.IDs, in.Price, in.Since, in.Lang)
	})

	exampleGet(api, "/shops/north/search?q=tea&tag=a&tag=b&ids=1,2&price[min]=3")
	exampleGet(api, "/shops/north/search?page=0")
	// Output:
	// 200 shop north, q "tea", page 1, tags ["a" "b"], ids [1 2], price map[min:3], since <nil>, language en
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request has invalid values","errors":[{"in":"query","name":"q","code":"required","message":"is required"},{"in":"query","name":"page","code":"min","message":"must be at least 1"}]}
}

// Members of a JSON body have defaults and rules as inputs have.
func ExampleAPI_Handle_json() {
	type line struct {
		SKU   string `json:"sku" validate:"required,alphanum"`
		Count int    `default:"1" json:"count" validate:"min=1"`
	}
	type order struct {
		Email string `json:"email" validate:"required,email"`
		Lines []line `json:"lines" validate:"min=1"`
	}
	api := endpoint.New()
	api.Post("orders", func(o order) string { return fmt.Sprintf("%s orders %v", o.Email, o.Lines) })

	examplePost(api, "/orders", `{"email":"ada@example.com","lines":[{"sku":"a1"}]}`)
	examplePost(api, "/orders", `{"email":"ada","lines":[{"count":0}]}`)
	// Output:
	// 200 ada@example.com orders [{a1 1}]
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request has invalid values","errors":[{"in":"body","pointer":"/lines/0/sku","code":"required","message":"is required"},{"in":"body","pointer":"/email","code":"email","message":"must be an e-mail address"},{"in":"body","pointer":"/lines/0/count","code":"min","message":"must be at least 1"}]}
}

// Forms are urlencoded.
func ExampleAPI_Handle_form() {
	api := endpoint.New()
	api.Post("login", func(in struct {
		Name     string `form:"name" validate:"required"`
		Remember bool   `form:"remember"`
	}) string {
		return fmt.Sprint(in.Name, " ", in.Remember)
	})

	exampleSend(api, "POST", "/login", "application/x-www-form-urlencoded", "name=ada&remember=1")
	// Output: 200 ada true
}

// Scalars are the parameters of the path, in their order.
func ExampleAPI_Handle_positions() {
	api := endpoint.New()
	api.Get("add/:a/:b", func(_ context.Context, a, b int) int { return a + b })

	exampleGet(api, "/add/1/2")
	// Output: 200 3
}

// A body can be read as it is.
func ExampleAPI_Handle_reader() {
	api := endpoint.New()
	api.Post("count", func(body io.Reader) (string, error) {
		n, err := io.Copy(io.Discard, body)
		return fmt.Sprint(n, " bytes"), err
	}, endpoint.MaxBody(1<<30), endpoint.BodyTimeout(time.Minute))

	exampleSend(api, "POST", "/count", "text/plain", "hello")
	// Output: 200 5 bytes
}

// Query and header can be had whole.
func ExampleAPI_Handle_values() {
	api := endpoint.New()
	api.Get("echo", func(query url.Values, header http.Header) string {
		return query.Encode() + " " + header.Get("X-Trace")
	})

	exampleGet(api, "/echo?b=2&a=1")
	// Output: 200 a=1&b=2
}

// Opt tells absent, null and value apart, as a PATCH needs it.
func ExampleOpt() {
	type patch struct {
		Name endpoint.Opt[string] `json:"name"`
	}
	api := endpoint.New()
	api.Patch("users", func(p patch) string {
		switch {
		case !p.Name.Set:
			return "keep the name"
		case p.Name.Null:
			return "remove the name"
		}
		return "set the name to " + p.Name.Value
	})

	for _, body := range []string{`{}`, `{"name":null}`, `{"name":"ada"}`} {
		exampleSend(api, "PATCH", "/users", "application/json", body)
	}
	// Output:
	// 200 keep the name
	// 200 remove the name
	// 200 set the name to ada
}

// Params is for code that took keyword arguments: path wins over query, and
// query over form.
func ExampleParams() {
	api := endpoint.New()
	api.Post("greet/:name", func(p endpoint.Params) string { return p.Get("greeting") + " " + p.Get("name") })

	exampleSend(api, "POST", "/greet/ada?name=bob", "application/x-www-form-urlencoded", "greeting=Hi")
	// Output: 200 Hi ada
}

func ExampleStrict() {
	api := endpoint.New()
	api.Get("list", func(in struct {
		Page int `query:"page"`
	}) int {
		return in.Page
	}, endpoint.Strict())

	exampleGet(api, "/list?pgae=2")
	// Output:
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request has invalid values","errors":[{"in":"query","code":"unknown","message":"has a parameter that is not known here; known are page"}]}
}

func ExampleMaxBody() {
	api := endpoint.New()
	api.Post("notes", func(text []byte) int { return len(text) }, endpoint.MaxBody(4))

	exampleSend(api, "POST", "/notes", "text/plain", "four")
	exampleSend(api, "POST", "/notes", "text/plain", "fives")
	// Output:
	// 200 4
	// 413 {"title":"Request Entity Too Large","status":413,"detail":"the body is larger than 4 bytes"}
}

// A Request gives what the library knows about a request, and all of
// *http.Request.
func ExampleRequest() {
	api := endpoint.New(endpoint.Prefix("/api"))
	api.Get("files/", func(r *endpoint.Request) string {
		return fmt.Sprintf("rest %q, path %q, asked for %q", r.Rest(), r.Path(), r.FullPath())
	})

	exampleGet(api, "/api/files/a%20b/c?x=1")
	// Output: 200 rest "a b/c", path "/files/a b/c", asked for "/api/files/a%20b/c?x=1"
}

// The body of a Request is read within MaxBody, and may be read again.
func ExampleRequest_BodyJSON() {
	api := endpoint.New()
	api.Post("hooks", func(r *endpoint.Request) (string, error) {
		raw, err := r.BodyBytes() // to check a signature
		if err != nil {
			return "", err
		}
		var event struct {
			Action string `json:"action"`
		}
		if err := r.BodyJSON(&event); err != nil {
			return "", err
		}
		return fmt.Sprint(event.Action, " in ", len(raw), " bytes"), nil
	})

	examplePost(api, "/hooks", `{"action":"opened"}`)
	examplePost(api, "/hooks", `{"action":7}`)
	// Output:
	// 200 opened in 19 bytes
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request has invalid values","errors":[{"in":"body","pointer":"/action","code":"type","message":"must be a string"}]}
}

// A handler is tested by calling it; a Request is made by hand.
func ExampleRequest_test() {
	handler := func(r *endpoint.Request) string { return r.Param("name") + r.URL.RawQuery }

	r := httptest.NewRequest(http.MethodGet, "/hello/ada?x", nil)
	r.SetPathValue("name", "ada")
	fmt.Println(handler(&endpoint.Request{Request: r}))
	// Output: adax
}

// Code deep below a handler finds the request in its context.
func ExampleRequestFrom() {
	audit := func(ctx context.Context) string { return endpoint.RequestFrom(ctx).Method }
	api := endpoint.New()
	api.Get("audit", func(ctx context.Context) string { return audit(ctx) })

	exampleGet(api, "/audit")
	fmt.Println(endpoint.RequestFrom(context.Background()))
	// Output:
	// 200 GET
	// <nil>
}
