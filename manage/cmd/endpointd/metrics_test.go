package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/manage"
)

// TestMetrics checks the text that Prometheus reads.
func TestMetrics(t *testing.T) {
	m := newMeters()
	for _, c := range []manage.Call{
		{Account: "b", ID: "x", Status: 200, Duration: 2 * time.Millisecond},
		{Account: "b", ID: "x", Status: 500, Duration: 3 * time.Second},
		{Account: "a\"\\\n", ID: "y", Status: 200, Duration: time.Millisecond}, // on a bound, which counts as below
	} {
		m.observe(c)
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.Contains(line, `le="0.0`) && !strings.Contains(line, `le="0.001"`) && !strings.Contains(line, `le="0.0025"`) {
			continue // the middle of the histogram
		}
		got = append(got, strings.TrimSuffix(line, "\n"))
	}
	const name = "endpointd_call_duration_seconds"
	a, b := `account="a\"\\\n",id="y"`, `account="b",id="x"`
	want := []string{
		"# HELP endpointd_calls_total Calls of managed endpoints by status.",
		"# TYPE endpointd_calls_total counter",
		`endpointd_calls_total{` + a + `,status="200"} 1`,
		`endpointd_calls_total{` + b + `,status="200"} 1`,
		`endpointd_calls_total{` + b + `,status="500"} 1`,
		"# HELP " + name + " How long calls of managed endpoints took.",
		"# TYPE " + name + " histogram",
		name + `_bucket{` + a + `,le="0.001"} 1`, name + `_bucket{` + a + `,le="0.0025"} 1`,
		name + `_bucket{` + a + `,le="0.1"} 1`, name + `_bucket{` + a + `,le="0.25"} 1`, name + `_bucket{` + a + `,le="0.5"} 1`,
		name + `_bucket{` + a + `,le="1"} 1`, name + `_bucket{` + a + `,le="2.5"} 1`, name + `_bucket{` + a + `,le="+Inf"} 1`,
		name + `_sum{` + a + `} 0.001`, name + `_count{` + a + `} 1`,
		name + `_bucket{` + b + `,le="0.001"} 0`, name + `_bucket{` + b + `,le="0.0025"} 1`,
		name + `_bucket{` + b + `,le="0.1"} 1`, name + `_bucket{` + b + `,le="0.25"} 1`, name + `_bucket{` + b + `,le="0.5"} 1`,
		name + `_bucket{` + b + `,le="1"} 1`, name + `_bucket{` + b + `,le="2.5"} 1`, name + `_bucket{` + b + `,le="+Inf"} 2`,
		name + `_sum{` + b + `} 3.002`, name + `_count{` + b + `} 2`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the text differs (-want +got):\n%s", diff)
	}
}

// TestMetersBounded checks that endpoints which come and go do not fill the
// memory.
func TestMetersBounded(t *testing.T) {
	m := newMeters()
	for i := range maxMeters + 100 {
		m.observe(manage.Call{Account: "a", ID: string(rune('A'+i%26)) + time.Duration(i).String(), Status: 200})
	}
	if n := len(m.each); n > maxMeters+1 {
		t.Errorf("%d meters", n)
	}
	if rest := m.each[meterKey{}]; rest == nil || rest.count != 100 {
		t.Errorf("the rest is %+v", rest)
	}
}

// TestMetricsServed asks a running endpointd.
func TestMetricsServed(t *testing.T) {
	l, err := listenOn("127.0.0.1:0", "-addr")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	d := start(t, "-metrics", addr)
	token := d.token()
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	d.want(200, token, "GET", "u/hello", "")
	poll(t, "the call in the metrics", func() string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			return "" // it listens a moment later
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return submatch(`(?m)^(endpointd_calls_total\{account="admin",id="hello",status="200"\} 1)$`, string(text))
	})
	resp, err := client.Get(d.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != 404 {
		t.Errorf("the public address has metrics: %d %v", resp.StatusCode, err)
	}
}
