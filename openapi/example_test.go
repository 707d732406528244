package openapi_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// find prints the lines of a document from the one that holds a text to the
// one that ends what begins there.
func find(doc []byte, text string) {
	lines := strings.Split(string(doc), "\n")
	for i, line := range lines {
		if !strings.Contains(line, text) {
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for _, l := range lines[i:] {
			fmt.Println(strings.TrimPrefix(l, indent))
			if l == indent+"}" || l == indent+"}," {
				break
			}
		}
	}
}

func Example() {
	type User struct {
		Name  string `json:"name" validate:"required,min=2"`
		Email string `json:"email,omitempty" doc:"Where letters go."`
	}
	api := endpoint.New()
	api.Post("users", func(u User) User { return u }, endpoint.Name("createUser"))
	doc, err := openapi.Document(api, openapi.Info{Title: "Users", Version: "1.0.0"})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"UserInput": {`)
	// Output:
	// "UserInput": {
	//   "type": "object",
	//   "properties": {
	//     "name": {
	//       "type": "string",
	//       "minLength": 2
	//     },
	//     "email": {
	//       "type": "string",
	//       "description": "Where letters go."
	//     }
	//   },
	//   "required": [
	//     "name"
	//   ]
	// }
}

func ExampleHandler() {
	api := endpoint.New()
	api.Get("hello", func() string { return "hello" }, endpoint.Name("hello"))
	api.Get("docs/", openapi.Handler(api, openapi.Info{Title: "Hello", Version: "1"}), endpoint.Hidden())

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/docs/openapi.yaml", nil))
	head, _, _ := strings.Cut(w.Body.String(), "operationId")
	fmt.Print(w.Header().Get("Content-Type"), "\n", head, "...\n")
	// Output:
	// application/yaml
	// openapi: "3.1.1"
	// info:
	//   title: Hello
	//   version: "1"
	// servers:
	//   - url: /
	// paths:
	//   /hello:
	//     get:
	//       summary: Hello
	//       ...
}

// A figure is an interface: what it may hold is said by a Union.
type figure interface{ Area() int }

type square struct {
	Kind string `json:"kind"`
	Side int    `json:"side"`
}

func (s square) Area() int { return s.Side * s.Side }

func ExampleUnion() {
	api := endpoint.New()
	api.Get("figures/:id", func(id int) figure { return square{"square", id} }, endpoint.Name("figure"))
	doc, err := openapi.Document(api, openapi.Info{
		Title: "Figures", Version: "1",
		Unions: []openapi.Union{{
			Type:     reflect.TypeFor[figure](),
			Property: "kind",
			Variants: map[string]reflect.Type{"square": reflect.TypeFor[square]()},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"Figure": {`)
	// Output:
	// "Figure": {
	//   "oneOf": [
	//     {
	//       "$ref": "#/components/schemas/Square"
	//     }
	//   ],
	//   "discriminator": {
	//     "propertyName": "kind",
	//     "mapping": {
	//       "square": "#/components/schemas/Square"
	//     }
	//   }
	// },
}

func ExampleAnswer() {
	api := endpoint.New()
	api.Post("squares", func(s square) *endpoint.Response {
		return endpoint.Respond(http.StatusCreated, s).Set("Location", "/squares/1")
	}, endpoint.Name("create"), openapi.Answer(http.StatusCreated, "The square was stored.", square{}))
	doc, err := openapi.Document(api, openapi.Info{Title: "Squares", Version: "1"})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"201": {`)
	// Output:
	// "201": {
	//   "description": "The square was stored.",
	//   "content": {
	//     "application/json": {
	//       "schema": {
	//         "$ref": "#/components/schemas/Square"
	//       }
	//     }
	//   }
	// },
}

func ExampleAmend() {
	api := endpoint.New()
	api.Get("hello", func() string { return "hello" }, endpoint.Name("hello"),
		openapi.Amend(func(o map[string]any) { o["externalDocs"] = map[string]string{"url": "https://example.com"} }))
	doc, err := openapi.Document(api, openapi.Info{Title: "Hello", Version: "1"})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"externalDocs": {`)
	// Output:
	// "externalDocs": {
	//   "url": "https://example.com"
	// }
}

func ExampleExample() {
	api := endpoint.New()
	api.Post("double", func(s square) square { return s }, endpoint.Name("double"),
		openapi.Example("two", square{"square", 2}, square{"square", 4}))
	doc, err := openapi.Document(api, openapi.Info{Title: "Squares", Version: "1"})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"two": {`)
	// Output:
	// "two": {
	//   "value": {
	//     "kind": "square",
	//     "side": 2
	//   }
	// }
	// "two": {
	//   "value": {
	//     "kind": "square",
	//     "side": 4
	//   }
	// }
}

// A service has a document for each audience: here operators see more than the
// public does, and one old tool wants version 3.0.
func ExampleInfo_include() {
	api := endpoint.New()
	api.Get("users", func() []string { return nil }, endpoint.Name("listUsers"))
	api.Post("restart", func() {}, endpoint.Name("restart"), endpoint.Tags("operators"))
	public := openapi.Info{
		Title: "Users", Version: "1.0.0", OpenAPI: "3.0",
		Include: func(op endpoint.Operation) bool { return !slices.Contains(op.Tags, "operators") },
	}
	doc, err := openapi.Document(api, public)
	if err != nil {
		log.Fatal(err)
	}
	text := string(doc)
	fmt.Println(strings.Contains(text, `"3.0.3"`), strings.Contains(text, "listUsers"), strings.Contains(text, "restart"))
	// Output:
	// true true false
}

// Comments come from the source as a rule, by the command endpoint-doc.
func ExampleComments() {
	api := endpoint.New()
	api.Get("levels", func() []Level { return nil }, endpoint.Name("listLevels"))
	doc, err := openapi.Document(api, openapi.Info{Title: "Levels", Version: "1.0.0", Comments: openapi.Comments{
		reflect.TypeFor[Level]().PkgPath() + ".Level": {Text: "How much somebody may do.", Enum: []string{`"reader"`, `"writer"`}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"Level": {`)
	// Output:
	// "Level": {
	//   "type": "string",
	//   "enum": [
	//     "reader",
	//     "writer"
	//   ],
	//   "description": "How much somebody may do."
	// },
}

// Level is how much somebody may do.
type Level string

// A Color makes its own text, and says what that looks like.
type Color struct{ red, green, blue byte }

func (c Color) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "#%02x%02x%02x", c.red, c.green, c.blue), nil
}

func (Color) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "pattern": "^#[0-9a-f]{6}$"}
}

func ExampleDescriber() {
	api := endpoint.New()
	api.Get("color", func() Color { return Color{255, 128, 0} }, endpoint.Name("getColor"))
	doc, err := openapi.Document(api, openapi.Info{Title: "Colors", Version: "1.0.0"})
	if err != nil {
		log.Fatal(err)
	}
	find(doc, `"Color": {`)
	// Output:
	// "Color": {
	//   "pattern": "^#[0-9a-f]{6}$",
	//   "type": "string"
	// },
}
