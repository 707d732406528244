package endpoint_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// resourceSoak reports whether the sizes of the catalogue are asked for.
func resourceSoak() bool { return os.Getenv("ENDPOINT_SOAK") != "" }

// resourceSize is the full size of the catalogue in a soak, else a small one.
func resourceSize(small, full int) int {
	if resourceSoak() {
		return full
	}
	return small
}

// resourceAPI answers each request with its own number, in several forms.
func resourceAPI() *endpoint.API {
	type numbered struct {
		N    int    `path:"n" json:"n"`
		Text string `query:"text" json:"text"`
	}
	type body struct {
		N    int      `json:"n" validate:"min=0"`
		Tags []string `json:"tags"`
	}
	api := bindAPI()
	api.Get("text/:n", func(n int) string { return fmt.Sprint("n=", n, ";") })
	api.Get("query/:n", func(in numbered) numbered { return in })
	api.Get("typed/:n", endpoint.Typed(func(_ context.Context, in numbered) (numbered, error) { return in, nil }))
	api.Post("json/:n", func(n int, b body) body { return b })
	api.Post("form/:n", func(_ context.Context, in bindFields) (string, error) { return "n=" + in.Name + ";", nil }, resourceAnyPath())
	api.Get("fail/:n", func(n int) error { return endpoint.Errorf(409, "n=%d;", n) })
	api.Get("panic/:n", func(n int) string { panic(fmt.Sprint(n)) })
	api.Get("stream/:n", func(_ context.Context, n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for range 5 {
				if !yield(n) {
					return
				}
			}
		}
	})
	return api
}

// resourceAnyPath lets a guard take the path, so that the handler need not.
func resourceAnyPath() endpoint.Option { return endpoint.Depends(func(endpoint.Params) {}) }

// resourceMixed are requests of which the answer carries the number.
func resourceMixed(n int) (raw, want string) {
	switch n % 8 {
	case 0:
		return bindText("GET", fmt.Sprintf("/text/%d", n), "", ""), fmt.Sprintf("n=%d;", n)
	case 1:
		return bindText("GET", fmt.Sprintf("/query/%d?text=t%d", n, n), "", ""), fmt.Sprintf(`{"n":%d,"text":"t%d"}`, n, n)
	case 2:
		return bindText("GET", fmt.Sprintf("/typed/%d?text=t%d", n, n), "", ""), fmt.Sprintf(`{"n":%d,"text":"t%d"}`, n, n)
	case 3:
		return bindJSON(fmt.Sprintf("/json/%d", n), fmt.Sprintf(`{"n":%d,"tags":["t%d"]}`, n, n)), fmt.Sprintf(`{"n":%d,"tags":["t%d"]}`, n, n)
	case 4:
		return bindForm(fmt.Sprintf("/form/%d", n), fmt.Sprintf("name=%d", n)), fmt.Sprintf("n=%d;", n)
	case 5:
		return bindText("GET", fmt.Sprintf("/fail/%d", n), "", ""), fmt.Sprintf("n=%d;", n)
	case 6:
		return bindText("GET", fmt.Sprintf("/panic/%d", n), "", ""), "Internal Server Error"
	}
	return bindText("GET", fmt.Sprintf("/stream/%d", n), "", ""), strings.Repeat(fmt.Sprintln(n), 5)
}

func TestResourceMixed(t *testing.T) {
	leak.Check(t)
	resourceLanes(t, bindServe(t, resourceAPI()), "104", resourceSize(100, 500), 50)
}

// resourceLanes sends numbered requests on connections side by side.
func resourceLanes(t *testing.T, addr, row string, conns, requests int) {
	t.Helper()
	var wg sync.WaitGroup
	for lane := range conns {
		wg.Go(func() {
			conn, err := bindConnect(addr, 2*time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			for i := range requests {
				raw, want := resourceMixed(lane*requests + i)
				_, _ = io.WriteString(conn, raw)
				a, err := bindRead(r, "GET")
				if err != nil || a.err != nil || !strings.Contains(a.body, want) {
					t.Errorf("%s request %d: %d %q, %v %v, want %q", row, lane*requests+i, a.status, a.body, err, a.err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestResourceTimeoutHandler(t *testing.T) {
	// 108: below http.TimeoutHandler late handlers and pooled memory do not cross.
	leak.Check(t)
	api := resourceAPI()
	api.Get("late/:n", func(ctx context.Context, n int) string {
		<-ctx.Done()
		time.Sleep(time.Millisecond) // late on purpose; no assertion depends on it
		return fmt.Sprint("late=", n)
	})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	addr := bindServe(t, http.TimeoutHandler(api, 250*time.Millisecond, "timeout"))
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			a, err := bindSend(addr, bindText("GET", fmt.Sprintf("/late/%d", n), "", ""))
			if err != nil || a.status != 503 || a.body != "timeout" {
				t.Errorf("108: %d %q %v, want 503 timeout", a.status, a.body, err)
			}
		})
	}
	for lane := range 20 {
		wg.Go(func() {
			for i := range 40 {
				n := (lane*40 + i) * 8 // a quick form
				raw, want := resourceMixed(n)
				if a, err := bindSend(addr, raw); err != nil || a.status != 503 && a.body != want {
					t.Errorf("108: %d %q %v, want %q", a.status, a.body, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestResourceKept(t *testing.T) {
	// 108: what a handler keeps of its input stays what it was.
	type in struct {
		N    int               `query:"n"`
		Text []string          `query:"t"`
		Map  map[string]string `query:"m"`
		Opt  *string           `query:"o"`
	}
	type body struct {
		Name string         `json:"name"`
		List []string       `json:"list"`
		Any  map[string]any `json:"any"`
	}
	var mu sync.Mutex
	kept, bodies, raws := map[string]in{}, map[string]body{}, map[string][]byte{}
	api := endpoint.New(bindQuiet())
	api.Get("in", func(in in) string {
		mu.Lock()
		defer mu.Unlock()
		kept[in.Text[0]] = in
		return "kept"
	})
	api.Post("body", func(b body) string {
		mu.Lock()
		defer mu.Unlock()
		bodies[b.Name] = b
		return "kept"
	})
	api.Post("raw", func(b []byte) string {
		mu.Lock()
		defer mu.Unlock()
		raws[string(b)] = b
		return "kept"
	})
	addr := bindServe(t, api)
	for n := range 200 {
		key := fmt.Sprintf("k%04d", n)
		bindMust(t, addr, bindText("GET", fmt.Sprintf("/in?n=%d&t=%s&t=b&m[%s]=%s&o=%s", n, key, key, key, key), "", ""))
		bindMust(t, addr, bindJSON("/body", fmt.Sprintf(`{"name":%q,"list":[%q,"b"],"any":{%q:%q}}`, key, key, key, key)))
		bindMust(t, addr, bindJSON("/raw", key))
	}
	mu.Lock()
	defer mu.Unlock()
	for n := range 200 {
		key := fmt.Sprintf("k%04d", n)
		if k := kept[key]; k.N != n || len(k.Text) != 2 || k.Map[key] != key || k.Opt == nil || *k.Opt != key {
			t.Errorf("108: input %s became %+v", key, k)
		}
		if b := bodies[key]; len(b.List) != 2 || b.List[0] != key || b.Any[key] != key {
			t.Errorf("108: body %s became %+v", key, b)
		}
		if string(raws[key]) != key {
			t.Errorf("108: raw body %s became %q", key, raws[key])
		}
	}
}
