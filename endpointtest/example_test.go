package endpointtest_test

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
)

// The examples stand in a test of this name; here t prints what it is told.
type T struct{ testing.TB }

func (T) Helper()                           {}
func (T) Cleanup(func())                    {}
func (T) Logf(string, ...any)               {}
func (T) Context() context.Context          { return context.Background() }
func (T) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (T) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

type Member struct {
	ID   int    `json:"id"`
	Name string `json:"name" validate:"required,max=20"`
}

type Search struct {
	Limit int `query:"limit" default:"20" validate:"min=1,max=100"`
}

func members() *endpoint.API {
	api := endpoint.New()
	api.Get("members/:id", func(id int) (Member, error) {
		if id != 42 {
			return Member{}, endpoint.Errorf(http.StatusNotFound, "there is no such member")
		}
		return Member{ID: id, Name: "Ada"}, nil
	})
	api.Get("members", func(in Search) []Member { return []Member{{42, "Ada"}} })
	api.Post("members", func(in Member) Member { return in }, endpoint.Status(http.StatusCreated))
	return api
}

func Example() {
	t := T{} // in a test it is the *testing.T

	c := endpointtest.New(t, members())
	var m Member
	c.Get("/members/42").Status(200).Header("Content-Type", "application/json").JSON(&m)
	fmt.Println(m.Name)

	c.Get("/members").Query("limit", "5").Status(200).Equal([]Member{{42, "Ada"}})
	c.Post("/members").Body(Member{Name: "Grace"}).Status(201)
	c.Post("/members").Body(Member{Name: strings.Repeat("x", 21)}).Problem(422, "body /name max")
	// Output:
	// Ada
}

// A check that fails shows the request and the answer.
func ExampleAnswer_Equal() {
	t := T{}
	c := endpointtest.New(t, members())
	c.Get("/members/7").Status(200)
	// Output:
	// status 404, want 200
	// > GET /members/7
	//
	// < 404 Not Found
	// < Content-Type: application/problem+json
	// < X-Content-Type-Options: nosniff
	// <
	// < {
	// <   "title": "Not Found",
	// <   "status": 404,
	// <   "detail": "there is no such member"
	// < }
}

// Users, configurations and dependencies are replaced for one client; the API
// and other clients do not see it.
func ExampleClient_As() {
	type Clock struct{ now string }
	type Greeting struct {
		endpoint.Configuration
		Word string
	}
	login := endpoint.BearerAuth(func(context.Context, string) (*endpoint.User, error) { return nil, endpoint.ErrCredentials })
	api := endpoint.New(endpoint.Auth(login), endpoint.UserRequired())
	api.Configure(Greeting{Word: "Hello"})
	api.Provide(&Clock{"now"})
	api.Get("me", func(u *endpoint.User, g Greeting, c *Clock) string { return g.Word + " " + u.Name + ", it is " + c.now })

	t := T{}
	c := endpointtest.New(t, api)
	c.Get("/me").Status(401)
	ada := c.As(&endpoint.User{ID: "1", Name: "Ada"})
	fmt.Println(ada.Get("/me").Status(200).Text())
	fmt.Println(ada.Configure(Greeting{Word: "Hi"}).Provide(&Clock{"noon"}).Get("/me").Status(200).Text())
	// Output:
	// Hello Ada, it is now
	// Hi Ada, it is noon
}

// A feed is read while the test goes on.
func ExampleAnswer_Events() {
	news := make(chan string, 1)
	api := endpoint.New()
	api.Get("news", func(ctx context.Context) iter.Seq[endpoint.Event] {
		return func(yield func(endpoint.Event) bool) {
			for {
				select {
				case text := <-news:
					if !yield(endpoint.Event{Type: "news", Data: text}) {
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}
	})
	api.Post("news", func(text []byte) { news <- string(text) })

	t := T{}
	c := endpointtest.New(t, api)
	feed := c.Get("/news").Start() // nothing is answered before the first event
	c.Post("/news").Body("it rains").Status(204)
	for _, e := range feed.Status(200).Events(1) {
		fmt.Println(e.Type, e.Data)
	}
	feed.Close()
	// Output: news it rains
}

// An answer that the document of the API does not have fails the test.
func ExampleClient_Contract() {
	api := members()
	old := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a version of the service that sends another type
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"42","name":"Ada"}`)
	})

	t := T{}
	endpointtest.New(t, old).Contract(api, "").Get("/members/42").Status(200)
	// Output:
	// the document does not have this answer: body /id: "42" is string, not integer, by the schema at /paths/~1members~1{id}/get/responses/200/content/application~1json
	// > GET /members/42
	//
	// < 200 OK
	// < Content-Type: application/json
	// <
	// < {
	// <   "id": "42",
	// <   "name": "Ada"
	// < }
}

// Requests are made from the schemas, valid ones and broken ones.
func ExampleClient_Agree() {
	t := T{}
	endpointtest.New(t, members()).Agree(100)
	fmt.Println("that was all")
	// Output: that was all
}

// Exchanges stand in text files; a flag of the test decides whether they are
// compared or written.
func ExamplePlay() {
	update := flag.Bool("update", false, "write the answers into testdata") // a variable of the package
	_ = func(t *testing.T) {                                                // func TestExchanges
		endpointtest.Play(t, members(), "testdata/*.txt", *update)
	}
}

func ExampleRequest_File() {
	t := T{} // in a test it is the *testing.T

	type Upload struct {
		Title string         `form:"title"`
		Photo *endpoint.File `file:"photo" validate:"required"`
	}
	api := endpoint.New()
	api.Post("photos", func(in Upload) string { return in.Title + ": " + in.Photo.Name }, endpoint.Name("addPhoto"))

	c := endpointtest.New(t, api)
	r := c.Post("/photos").Body(url.Values{"title": {"Ada"}}).File("photo", "ada.png", strings.NewReader("a picture"))
	fmt.Println(r.Status(200).Text())
	// Output:
	// Ada: ada.png
}

func ExampleAnswer_Lines() {
	t := T{} // in a test it is the *testing.T

	api := endpoint.New()
	api.Get("numbers", func() iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; yield(i); i++ { // without an end
			}
		}
	}, endpoint.Name("count"))

	a := endpointtest.New(t, api).Get("/numbers").Status(200)
	fmt.Println(a.Lines(3))
	a.Close()
	// Output:
	// [0 1 2]
}
