package route_test

import (
	"fmt"

	"github.com/seed217079a1/endpoint/internal/route"
)

func parse(s string) route.Pattern {
	p, err := route.Parse(s)
	if err != nil {
		panic(err)
	}
	return p
}

func ExampleParse() {
	fmt.Println(parse("users/{id}/files/"))

	_, err := route.Parse("files/:name.json")
	fmt.Println(err)
	// Output:
	// /users/:id/files/
	// path "files/:name.json": ".json" after a parameter at offset 11; a parameter is a whole segment; bind it and check the suffix in the handler, or escape as %3A if it is text
}

func ExampleSplit() {
	path, err := route.Split("/files/a/b c/", "/files/a%2Fb%20c/")
	fmt.Println(path.Key(), path.Len(), err)
	fmt.Printf("%q %q\n", path.Segment(1), path.Rest(1))

	_, err = route.Split("/files/../private", "/files/%2e%2e/private")
	fmt.Println(err)
	// Output:
	// /files/a%2Fb c/ 2 <nil>
	// "a/b c" "a/b c/"
	// path matches no pattern
}

func ExampleOverlap() {
	fmt.Println(route.Overlap(parse("users/:id"), parse("users/me")))
	fmt.Println(route.Overlap(parse("users/"), parse("users")))
	// Output:
	// /users/me true
	//  false
}

func ExampleLayers() {
	patterns := []route.Pattern{parse("users/"), parse("users/:id"), parse("users/me"), parse("groups/:id")}
	layer, count := route.Layers(patterns)
	for i, p := range patterns {
		fmt.Println(layer[i], p.Key())
	}
	fmt.Println(count, "trees")
	// Output:
	// 2 /users/*r
	// 1 /users/:0
	// 0 /users/me
	// 0 /groups/:0
	// 3 trees
}

func ExamplePattern_Expand() {
	p := parse("users/:name/*file")
	fmt.Println(p.Expand("a/b", "x y/z"))
	fmt.Println(p.Expand("..", "z"))
	// Output:
	// /users/a%2Fb/x%20y/z <nil>
	//  path "/users/:name/*file": parameter "name": value ".." has a segment "." or ".."; no request can carry it
}
