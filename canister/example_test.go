package canister_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

// A counter: GET reads it, POST adds one.
func ExampleHandle() {
	visits := canister.NewState(0, nil)
	query := func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
		if req.Method == "POST" {
			return canister.HTTPResponse{Upgrade: true}, nil // Update answers it
		}
		return canister.HTTPResponse{StatusCode: 200, Body: fmt.Appendf(nil, "%d visits", visits.Get(ctx))}, nil
	}
	update := func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
		*visits.Edit(ctx)++
		return canister.HTTPResponse{StatusCode: 201, Body: fmt.Appendf(nil, "visit %d", visits.Get(ctx))}, nil
	}

	api := endpoint.New()
	canister.Handle(api, "visits", canister.Service{Query: query, Update: update, Upgrades: true})
	if err := api.Compile(); err != nil {
		log.Fatal(err)
	}
	for _, method := range []string{"POST", "POST", "GET"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(method, "/visits", http.NoBody))
		fmt.Println(method, w.Code, w.Body)
	}
	// Output:
	// POST 201 visit 1
	// POST 201 visit 2
	// GET 200 2 visits
}

// An update that fails changes nothing.
func ExampleState() {
	type Account struct{ Balance int }
	// A map is shared by its copies, so the state says how to clone it. The
	// pointers in it are not cloned: updates replace them.
	accounts := canister.NewState(map[string]*Account{"ada": {100}, "bob": {0}}, maps.Clone)

	transfer := func(ctx context.Context, from, to string, amount int) error {
		all := *accounts.Edit(ctx)
		all[to] = &Account{all[to].Balance + amount}
		all[from] = &Account{all[from].Balance - amount}
		if all[from].Balance < 0 {
			return endpoint.Errorf(http.StatusConflict, "%s has too little", from)
		}
		return nil
	}
	api := endpoint.New()
	canister.Handle(api, "/", canister.Service{
		Query: func(context.Context, canister.HTTPRequest) (canister.HTTPResponse, error) {
			return canister.HTTPResponse{Upgrade: true}, nil
		},
		Update: func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
			amount, err := strconv.Atoi(strings.Trim(req.URL, "/"))
			if err != nil {
				return canister.HTTPResponse{StatusCode: 404}, nil
			}
			return canister.HTTPResponse{StatusCode: 204}, transfer(ctx, "ada", "bob", amount)
		},
	})
	for _, amount := range []string{"60", "60"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest("POST", "/"+amount, http.NoBody))
		all := accounts.View(context.Background())
		fmt.Println(w.Code, all["ada"].Balance, all["bob"].Balance)
	}
	// Output:
	// 204 40 60
	// 409 40 60
}

// A restart finds what was committed.
func ExamplePersist() {
	dir, err := os.MkdirTemp("", "canister")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state")

	for range 2 { // the program runs twice
		users, visits := canister.NewState(map[string]int{}, maps.Clone), canister.NewState(0, nil)
		if err := canister.Persist(path, users, visits); err != nil {
			log.Fatal(err)
		}
		api := endpoint.New()
		canister.Handle(api, "/", canister.Service{
			Query: func(context.Context, canister.HTTPRequest) (canister.HTTPResponse, error) {
				return canister.HTTPResponse{Upgrade: true}, nil
			},
			Update: func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
				(*users.Edit(ctx))[req.Header("X-User")]++
				*visits.Edit(ctx)++
				return canister.HTTPResponse{StatusCode: 204}, nil
			},
		})
		r := httptest.NewRequest("POST", "/", http.NoBody)
		r.Header.Set("X-User", "ada")
		api.ServeHTTP(httptest.NewRecorder(), r)
		fmt.Println(users.Get(context.Background()), visits.Get(context.Background()))
	}
	// Output:
	// map[ada:1] 1
	// map[ada:2] 2
}

// A page of a file is sent with each call; the token is the offset.
func ExampleCallback() {
	const file = "a long file"
	pages := func(_ context.Context, offset int) (body []byte, next *int, err error) {
		end := min(offset+4, len(file))
		if end < len(file) {
			next = &end
		}
		return []byte(file[offset:end]), next, nil
	}

	api := endpoint.New()
	canister.Handle(api, "file", canister.Service{
		Query: func(context.Context, canister.HTTPRequest) (canister.HTTPResponse, error) {
			return canister.HTTPResponse{StatusCode: 200, StreamingStrategy: canister.Callback(0, pages)}, nil
		},
	})
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/file", http.NoBody))
	fmt.Println(w.Body)

	for chunk, err := range canister.Callback(0, pages).Chunks(context.Background()) {
		fmt.Printf("%q %v\n", chunk, err)
	}
	// Output:
	// a long file
	// "a lo" <nil>
	// "ng f" <nil>
	// "ile" <nil>
}

// Any endpoint streams in the same way.
func ExampleStreamingStrategy() {
	api := endpoint.New()
	api.Get("count", func(ctx context.Context) io.Reader {
		return canister.Callback(3, func(_ context.Context, n int) ([]byte, *int, error) {
			body := fmt.Appendf(nil, "%d ", n)
			if n--; n < 0 {
				return body, nil, nil
			}
			return body, &n, nil
		}).Limit(100).Reader(ctx)
	})
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest("GET", "/count", http.NoBody))
	fmt.Println(w.Body)
	// Output: 3 2 1 0
}

// The body was compressed beforehand; both forms say what they depend on.
func ExampleWithGzip() {
	plain := canister.HTTPResponse{StatusCode: 200, Body: []byte("query\n")}
	for _, accept := range []string{"gzip", "gzip;q=0"} {
		req := canister.HTTPRequest{Headers: []canister.HeaderField{{Name: "accept-encoding", Value: accept}}}
		resp := canister.WithGzip(req, plain, []byte("..."))
		fmt.Printf("%q %v\n", resp.Body, resp.Headers)
	}
	// Output:
	// "..." [{vary accept-encoding} {content-encoding gzip}]
	// "query\n" [{vary accept-encoding}]
}

func ExampleExpression() {
	skip, _ := canister.Expression{Skip: true}.Field()
	fmt.Println(skip.Name+":", skip.Value)
	e, err := canister.ParseExpression(skip.Value)
	fmt.Println(e.Skip, err)
	// Output:
	// IC-CertificateExpression: default_certification(ValidationArgs{no_certification:Empty{}})
	// true <nil>
}
