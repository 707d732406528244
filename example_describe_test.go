package endpoint_test

import (
	"fmt"
	"log"

	"github.com/seed217079a1/endpoint"
)

// Operations is what documents, clients and tools are made from.
func ExampleAPI_Operations() {
	api := endpoint.New(endpoint.Prefix("/api"), endpoint.Tags("shop"))
	api.Post("orders/:id", func(in struct {
		ID   int  `path:"id" validate:"min=1"`
		Dry  bool `default:"true" query:"dry"`
		Body user `body:""`
	}) (user, error) {
		return in.Body, nil
	},
		endpoint.Name("order"),
		endpoint.Summary("Orders something"),
		endpoint.Description("A dry run changes nothing."),
		endpoint.Tags("orders"),
		endpoint.Status(201),
		endpoint.Annotate("audited"))
	api.Get("old", func() string { return "" }, endpoint.Name("old"), endpoint.Deprecated(), endpoint.Hidden())

	operations, err := api.Operations()
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range operations {
		fmt.Println(o.Methods, o.Path, o.Name, o.Tags, o.Deprecated, o.Hidden)
		if o.Summary != "" {
			fmt.Println(o.Summary+".", o.Description)
		}
		for _, p := range o.Parameters {
			fmt.Printf("%s %s %s required=%t default=%q rules=%q\n", p.In, p.Name, p.Type, p.Required, p.Default, p.Rules)
		}
		if o.Body != nil {
			fmt.Println("body", o.Body.MediaType, o.Body.Type)
		}
		for _, a := range o.Annotations {
			fmt.Println("annotated:", a)
		}
		fmt.Println("answers", o.Result.Status, o.Result.MediaType, o.Result.Type)
		for _, e := range o.Errors {
			fmt.Println("or", e.Status, e.Reason)
		}
	}
	// Output:
	// [GET] /api/old old [shop] true true
	// answers 200 text/plain; charset=utf-8 string
	// or 500 something failed inside
	// [POST] /api/orders/:id order [shop orders] false false
	// Orders something. A dry run changes nothing.
	// path id int required=true default="" rules=["min=1"]
	// query dry bool required=false default="true" rules=[]
	// body application/json endpoint_test.user
	// annotated: audited
	// answers 201 application/json endpoint_test.user
	// or 400 the request is malformed
	// or 408 the body came too slowly
	// or 413 the body is too large
	// or 415 the body has the wrong content type
	// or 422 the request has invalid values
	// or 500 something failed inside
}
