package everything

import (
	"encoding/json"
	"io"
	"time"

	"github.com/seed217079a1/endpoint"
)

// A Node is a type that holds itself.
type Node struct {
	Name     string `json:"name" validate:"required,min=1,max=20"`
	Parent   *Node  `json:"parent,omitzero"`
	Children []Node `json:"children" validate:"max=3"`
}

// A Tree holds itself by its own name alone.
type Tree map[string]Tree

// A Page is a type with an argument.
type Page[T any] struct {
	Items []T `json:"items"`
	Next  *T  `json:"next"`
}

// Base is embedded by others.
type Base struct {
	ID      int64     `json:"id,string"`
	Created time.Time `json:"created,omitzero"`
}

// A Document has members of every form.
type Document struct {
	Base

	Text     string            `json:"text" validate:"required,max=50"`
	Flag     bool              `json:"flag" validate:"required"`
	Count    int               `json:"count" default:"3" validate:"min=1"`
	Small    int8              `json:"small"`
	Unsigned uint16            `json:"unsigned"`
	Ratio    float64           `json:"ratio,omitempty"`
	Maybe    *string           `json:"maybe"`
	Hidden   string            `json:"-"`
	Opt      endpoint.Opt[int] `json:"opt,omitzero" validate:"omitempty,min=2"`
	Tags     []string          `json:"tags" validate:"max=4,dive,min=1,max=10"`
	Labels   map[string]string `json:"labels" validate:"max=3,dive,keys,alpha,endkeys,max=10"`
	ByNumber map[int]bool      `json:"byNumber,omitempty"`
	Pair     [2]int            `json:"pair"`
	Blob     []byte            `json:"blob"`
	Hash     [4]byte           `json:"hash"`
	Anything any               `json:"anything"`
	Color    Color             `json:"color"`
	Colors   []*Color          `json:"colors,omitempty"`
	UUID     *UUID             `json:"uuid,omitempty"`
	Level    Level             `json:"level" validate:"omitempty,oneof=low high"`
	Email    string            `json:"email,omitempty" validate:"omitempty,email"`
	Inner    struct {
		X int `json:"x"`
		Y int `json:"y" validate:"min=0,max=9"`
	} `json:"inner"`
	Node  *Node           `json:"node,omitempty"`
	Plain struct{ A int } `json:",omitzero"`
}

// An Upload is a form with files.
type Upload struct {
	Title  string           `form:"title" validate:"required,max=20"`
	Count  int              `default:"1" form:"count" validate:"min=1"`
	Tags   []string         `form:"tags"`
	Cover  *endpoint.File   `file:"cover" validate:"required"`
	Extras []*endpoint.File `file:"extras"`
}

// A Form is a form without files.
type Form struct {
	Name    string    `form:"name" validate:"required,min=2"`
	Age     *int      `form:"age" validate:"omitempty,min=0,max=150"`
	Hobbies []string  `form:"hobbies"`
	Numbers []int     `form:"numbers,comma"`
	Born    time.Time `form:"born"`
	Agree   bool      `form:"agree"`
}

func registerBodies(g *endpoint.Group) {
	g.Post("document", func(d Document) Document { return d }, endpoint.Name("document"))
	g.Post("strict", func(d Document) Document { return d }, endpoint.Name("strictDocument"), endpoint.Strict())
	g.Put("optional", func(d *Document) *Document {
		if d == nil {
			return &Document{}
		}
		return d
	}, endpoint.Name("optional"))
	g.Post("node", func(n Node) Node { return n }, endpoint.Name("node"))
	g.Post("tree", func(t Tree) Tree { return t }, endpoint.Name("tree"))
	g.Post("list", func(list []Node) []Node { return list }, endpoint.Name("list"))
	g.Post("map", func(m map[string]float64) map[string]float64 { return m }, endpoint.Name("map"))
	g.Post("page", func(p Page[Node]) Page[Node] { return p }, endpoint.Name("page"))
	g.Put("both/:id", func(in struct {
		ID   int64 `path:"id" validate:"min=1"`
		Dry  bool  `query:"dry"`
		Body Node  `body:""`
	}) Node {
		return in.Body
	}, endpoint.Name("both"))
	g.Patch("raw", func(b json.RawMessage) json.RawMessage { return b }, endpoint.Name("raw"))
	g.Post("bytes", func(b []byte) int { return len(b) }, endpoint.Name("bytes"))
	g.Post("reader", func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }, endpoint.Name("reader"))
	g.Post("form", func(in Form) Form { return in }, endpoint.Name("form"))
	g.Post("upload", func(in Upload) map[string]any {
		return map[string]any{"title": in.Title, "cover": in.Cover.Size, "extras": len(in.Extras)}
	}, endpoint.Name("upload"))
}
