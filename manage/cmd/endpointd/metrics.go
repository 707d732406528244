package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

// maxMeters is how many endpoints are told apart; the calls of further ones
// are counted together, without account and id.
const maxMeters = 10_000

// buckets are the upper bounds of the histogram, in seconds.
var buckets = [...]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}

// meters count calls for Prometheus. It is an http.Handler that answers with
// the text format.
type meters struct {
	mu   sync.Mutex
	each map[meterKey]*meter
}

type meterKey struct{ account, id string }

// A meter counts the calls of one endpoint.
type meter struct {
	status map[int]uint64
	below  [len(buckets)]uint64 // calls that took no longer, not cumulated
	count  uint64
	sum    time.Duration
}

func newMeters() *meters { return &meters{each: map[meterKey]*meter{}} }

// observe counts a call; the manager calls it after each.
func (m *meters) observe(c manage.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := meterKey{c.Account, c.ID}
	if m.each[key] == nil {
		if len(m.each) >= maxMeters {
			key = meterKey{}
		}
		if m.each[key] == nil {
			m.each[key] = &meter{status: map[int]uint64{}}
		}
	}
	e := m.each[key]
	e.status[c.Status]++
	e.count++
	e.sum += c.Duration
	if i, _ := slices.BinarySearch(buckets[:], c.Duration.Seconds()); i < len(buckets) {
		e.below[i]++
	}
}

// ServeHTTP answers with the text format, version 0.0.4.
func (m *meters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/metrics" {
		http.Error(w, "metrics are at /metrics", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(m.text()) // a scraper that is gone asks again
}

func (m *meters) text() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]meterKey, 0, len(m.each))
	for k := range m.each {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b meterKey) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.id, b.id))
	})
	var b bytes.Buffer
	b.WriteString("# HELP endpointd_calls_total Calls of managed endpoints by status.\n# TYPE endpointd_calls_total counter\n")
	for _, k := range keys {
		m.each[k].writeStatus(&b, k.labels())
	}
	b.WriteString("# HELP endpointd_call_duration_seconds How long calls of managed endpoints took.\n# TYPE endpointd_call_duration_seconds histogram\n")
	for _, k := range keys {
		m.each[k].writeDurations(&b, k.labels())
	}
	return b.Bytes()
}

// labels are those of the endpoint, in the text format.
func (k meterKey) labels() string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	return fmt.Sprintf(`account="%s",id="%s"`, escape.Replace(k.account), escape.Replace(k.id))
}

func (e *meter) writeStatus(b *bytes.Buffer, labels string) {
	codes := make([]int, 0, len(e.status))
	for code := range e.status {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		fmt.Fprintf(b, "endpointd_calls_total{%s,status=\"%d\"} %d\n", labels, code, e.status[code])
	}
}

func (e *meter) writeDurations(b *bytes.Buffer, labels string) {
	const name = "endpointd_call_duration_seconds"
	var below uint64
	for i, bound := range buckets {
		below += e.below[i]
		fmt.Fprintf(b, "%s_bucket{%s,le=\"%s\"} %d\n", name, labels, strconv.FormatFloat(bound, 'g', -1, 64), below)
	}
	fmt.Fprintf(b, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, labels, e.count)
	fmt.Fprintf(b, "%s_sum{%s} %s\n", name, labels, strconv.FormatFloat(e.sum.Seconds(), 'g', -1, 64))
	fmt.Fprintf(b, "%s_count{%s} %d\n", name, labels, e.count)
}
