package endpoint_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// A routerOp is one operation of a route table.
type routerOp struct {
	method string
	path   string   // as we register it
	names  []string // of its parameters
	same   int      // index of the first operation that has this method and matches the same paths
}

// routerTables lists the tables of testdata/routes, and what has to be done to
// register them: inside counts the paths whose parameter is part of a segment,
// such as getByPath(path='{path}'). The library refuses those, so that segment
// becomes a parameter as a whole. merged counts the operations that then match
// the same paths as an earlier one with the same method.
var routerTables = []struct {
	file           string
	ops            int
	inside, merged int
}{
	{"github.txt", 845, 0, 0},
	{"github-bench.txt", 239, 0, 0},
	{"jira.txt", 499, 0, 0},
	{"kubernetes.txt", 845, 0, 0},
	{"stripe.txt", 452, 0, 0},
	{"magento.txt", 455, 0, 0},
	{"microsoft-graph.txt.gz", 11422, 170, 145},
}

// routerLoad reads a table. inside and merged are as in routerTables.
func routerLoad(t testing.TB, file string) (ops []routerOp, inside, merged int) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "routes", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	first := map[string]int{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		op, whole := routerParse(fields[0], fields[1])
		if !whole {
			inside++
		}
		shape := op.method + routerNames.ReplaceAllString(op.path, "$1")
		n, ok := first[shape]
		if !ok {
			n = len(ops)
			first[shape] = n
		} else {
			merged++
		}
		op.same = n
		ops = append(ops, op)
	}
	return ops, inside, merged
}

var routerNames = regexp.MustCompile(`([:*])\w+`)

// routerParse makes an operation of a line. Names become identifiers, distinct
// within the path. whole is false if a parameter was part of a segment.
func routerParse(method, path string) (op routerOp, whole bool) {
	whole = true
	var b strings.Builder
	for s := range strings.SplitSeq(path[1:], "/") {
		b.WriteByte('/')
		mark, name := "", ""
		switch {
		case strings.HasPrefix(s, ":"), strings.HasPrefix(s, "*"):
			mark, name = s[:1], s[1:]
		case strings.HasPrefix(s, "{") && strings.Index(s, "}") == len(s)-1:
			mark, name = ":", s[1:len(s)-1]
		case strings.Contains(s, "{"):
			mark, name, whole = ":", "call", false
		default:
			b.WriteString(s)
			continue
		}
		name = strings.ReplaceAll(name, "-", "_")
		if slices.Contains(op.names, name) {
			name += fmt.Sprint(len(op.names))
		}
		op.names = append(op.names, name)
		b.WriteString(mark + name)
	}
	op.method, op.path = method, b.String()
	if op.path == "/" {
		op.path = "" // the tables mean the root, not everything
	}
	return op, whole
}

// routerValues are values that a parameter can have. All begin with a byte
// that no literal of the tables begins with.
var routerValues = []string{"~1", "~a b", "~a/b", "~50%", "~é", "~:x", "~*", "~a;b,c=d&e+f", "~?q#f", "~%2F", "~(')"}

// values returns values for the parameters of the operation, which is the n-th.
func (op routerOp) values(n int) []string {
	var values []string
	for i := range op.names {
		values = append(values, routerValues[(n+i)%len(routerValues)])
	}
	return values
}

// target writes the path of a request with values for the parameters; the
// literals are written as the table has them, or escaped.
func (op routerOp) target(values []string, escaped bool) string {
	if op.path == "" {
		return "/"
	}
	var b strings.Builder
	for s := range strings.SplitSeq(op.path[1:], "/") {
		b.WriteByte('/')
		switch {
		case strings.HasPrefix(s, ":"):
			b.WriteString(url.PathEscape(values[0]))
			values = values[1:]
		case strings.HasPrefix(s, "*"):
			b.WriteString(strings.ReplaceAll(url.PathEscape(values[0]), "%2F", "/"))
			values = values[1:]
		case escaped:
			b.WriteString(url.PathEscape(s))
		default:
			b.WriteString(s)
		}
	}
	return b.String()
}

// Every operation of every table is reached by its own path, with the values
// of its parameters, in whatever order the table is registered.
func TestTables(t *testing.T) {
	for _, table := range routerTables {
		ops, inside, merged := routerLoad(t, table.file)
		if len(ops) != table.ops || inside != table.inside || merged != table.merged {
			t.Errorf("%s: %d operations, %d with a parameter inside a segment, %d merged; want %d, %d, %d",
				table.file, len(ops), inside, merged, table.ops, table.inside, table.merged)
		}
		order := make([]int, len(ops))
		for i := range order {
			order[i] = i
		}
		t.Run(table.file+"/given", func(t *testing.T) { routerDispatch(t, ops, order) })
		slices.Reverse(order)
		t.Run(table.file+"/reversed", func(t *testing.T) { routerDispatch(t, ops, order) })
		for seed := range uint64(3) {
			if raceEnabled() {
				break // two orders show as much of races as five
			}
			r := rand.New(rand.NewPCG(seed, 1))
			r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			t.Run(fmt.Sprintf("%s/random %d", table.file, seed), func(t *testing.T) { routerDispatch(t, ops, order) })
		}
	}
}

// A routerHit is what a handler saw.
type routerHit struct {
	op      int
	request *endpoint.Request
}

// routerAPI registers the operations in the given order; handlers note in hit
// that they ran, and with what.
func routerAPI(t *testing.T, ops []routerOp, order []int, hit func(routerHit)) (*endpoint.API, []*endpoint.Endpoint) {
	t.Helper()
	api := endpoint.New()
	endpoints := make([]*endpoint.Endpoint, len(ops))
	for _, i := range order {
		if op := ops[i]; op.same == i {
			endpoints[i] = api.Handle(op.path, func(r *endpoint.Request) { hit(routerHit{i, r}) }, endpoint.Methods(op.method))
		}
	}
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api, endpoints
}

func routerDispatch(t *testing.T, ops []routerOp, order []int) {
	want, faults := 0, 0
	fail := func(format string, args ...any) {
		t.Helper()
		if faults++; faults > 10 {
			t.Fatal("and more")
		}
		t.Errorf(format, args...)
	}
	hits := 0
	api, endpoints := routerAPI(t, ops, order, func(h routerHit) {
		hits++
		op := ops[want]
		if h.op != op.same {
			fail("%s %s is answered by %s %s", op.method, op.path, ops[h.op].method, ops[h.op].path)
			return
		}
		values := op.values(want)
		for i, name := range ops[h.op].names {
			if p, v := h.request.Param(name), h.request.PathValue(name); p != values[i] || v != values[i] {
				fail("%s %s: Param(%q) is %q and PathValue %q, want %q", op.method, op.path, name, p, v, values[i])
			}
		}
		if got := h.request.Pattern; got != ops[h.op].path {
			fail("%s %s: Pattern is %q", op.method, op.path, got)
		}
	})
	for want = range ops {
		op := ops[want]
		values := op.values(want)
		target := op.target(values, true)
		// Literals escaped and as they are: RawPath is set for one of them.
		for _, path := range slices.Compact([]string{target, op.target(values, false)}) {
			hits = 0
			w := httptest.NewRecorder()
			api.ServeHTTP(w, routerRequest(t, op.method, path))
			if hits != 1 {
				fail("%s %s: status %d, %d handlers ran", op.method, path, w.Code, hits)
			}
		}
		if got, err := endpoints[op.same].URL(routerAny(values)...); got != target || err != nil {
			fail("%s %s: URL is %q, %v; want %q", op.method, op.path, got, err, target)
		}
	}
}

// routerAny makes arguments of texts.
func routerAny(values []string) []any {
	var list []any
	for _, v := range values {
		list = append(list, v)
	}
	return list
}

// routerRequest makes a request as a server would, without its cost.
func routerRequest(t testing.TB, method, target string) *http.Request {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Request{
		Method: method, URL: u, RequestURI: target, Host: "example.com",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody,
	}
}

// A table that is twice as large takes twice as many allocations to compile.
// The time is logged, and nothing more: machines differ.
func TestCompileLinear(t *testing.T) {
	ops, _, _ := routerLoad(t, "microsoft-graph.txt.gz")
	allocs := func(ops []routerOp) float64 {
		api, n := routerGraph(ops), 0
		start := time.Now()
		count := testing.AllocsPerRun(1, func() {
			n++
			if err := api.Compile(); err != nil {
				t.Fatal(err)
			}
		})
		took := time.Since(start) / time.Duration(n)
		size := len(api.Endpoints())
		t.Logf("%d operations: %v each, %.1f allocations each", size, took/time.Duration(size), count/float64(size))
		return count
	}
	all, half := allocs(ops), allocs(ops[:len(ops)/2])
	if ratio := all / half; ratio < 1.8 || ratio > 2.2 {
		t.Errorf("all operations take %.0f allocations and the first half %.0f, a ratio of %.2f; want about 2", all, half, ratio)
	}
}

// routerGraph registers operations with handlers that take an input of as many
// path parameters. Merged ones get a path of their own, so that the number of
// operations stays.
func routerGraph(ops []routerOp) *endpoint.API {
	type (
		in1 struct {
			P1 string `path:"p1"`
		}
		in2 struct {
			in1
			P2 string `path:"p2"`
		}
		in3 struct {
			in2
			P3 string `path:"p3"`
		}
		in4 struct {
			in3
			P4 string `path:"p4"`
		}
	)
	handlers := []any{
		func(context.Context) (string, error) { return "", nil },
		func(context.Context, in1) (string, error) { return "", nil },
		func(context.Context, in2) (string, error) { return "", nil },
		func(context.Context, in3) (string, error) { return "", nil },
		func(context.Context, in4) (string, error) { return "", nil },
	}
	api := endpoint.New()
	for i := range ops {
		n, path := 0, ops[i].path
		if ops[i].same != i {
			path += fmt.Sprintf("/merged%d", i)
		}
		path = routerNames.ReplaceAllStringFunc(path, func(s string) string {
			n++
			return fmt.Sprintf("%s%s%d", s[:1], "p", n)
		})
		fn := any(func(*endpoint.Request) string { return "" })
		if n < len(handlers) {
			fn = handlers[n]
		}
		api.Handle(path, fn, endpoint.Methods(ops[i].method))
	}
	return api
}

func BenchmarkCompileGraph(b *testing.B) {
	ops, _, _ := routerLoad(b, "microsoft-graph.txt.gz")
	api := routerGraph(ops)
	b.ReportAllocs()
	for b.Loop() {
		if err := api.Compile(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(ops)), "µs/op")
}

// BenchmarkRegisterGraph includes the making of the endpoints.
func BenchmarkRegisterGraph(b *testing.B) {
	ops, _, _ := routerLoad(b, "microsoft-graph.txt.gz")
	for b.Loop() {
		if err := routerGraph(ops).Compile(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(ops)), "µs/op")
}
