package endpoint_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"
)

// oracleLiterals are segments that registrations and requests are made of; the
// later ones need escapes.
var oracleLiterals = []string{"a", "b", "0", "r", "aa", "A", "é", "a b", "a%2Fb", "%3Ap0", "%2A", "%25", "%252F", "x;y=1", "~", "a.", "%2Fa"}

// oracleRandom makes a set of endpoints of bytes, two for each segment.
func oracleRandom(data []byte) (entries []oracleEntry) {
	methods := [][]string{{"GET"}, {"GET"}, {"POST"}, {"GET", "POST"}, {"DELETE"}, {"*"}, {"OPTIONS"}, {"HEAD"}}
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return b
	}
	for len(data) > 0 && len(entries) < 12 {
		head := next()
		path := ""
		for i := range int(head % 5) {
			if b := next(); b%2 == 0 {
				path += fmt.Sprintf("/:p%d", i)
			} else {
				path += "/" + oracleLiterals[int(b/2)%len(oracleLiterals)]
			}
		}
		if head/5%2 == 0 {
			path += "/"
		}
		e := newOracleEntry(path, methods[head/10%8]...)
		e.disabled = head >= 240
		if entries = append(entries, e); oracleClash(entries) {
			entries = entries[:len(entries)-1]
		}
	}
	return entries
}

// oracleNear returns targets that the entries match, or nearly so.
func oracleNear(r *rand.Rand, entries []oracleEntry) (targets []string) {
	for _, e := range entries {
		target := ""
		for s := range strings.SplitSeq(strings.TrimPrefix(e.path, "/"), "/") {
			if strings.HasPrefix(s, ":") || r.IntN(8) == 0 {
				s = oracleLiterals[r.IntN(len(oracleLiterals))]
			}
			target += "/" + s
		}
		switch r.IntN(6) {
		case 0:
			target += "/"
		case 1:
			target += "/" + oracleLiterals[r.IntN(len(oracleLiterals))]
		case 2:
			target = cmp.Or(strings.TrimSuffix(target, "/"), "/") + "?q=1&r=%20"
		}
		targets = append(targets, target)
	}
	return targets
}

// oracleCheck asks the router and the naive one for targets near the entries.
func oracleCheck(t testing.TB, r *rand.Rand, entries []oracleEntry, more ...string) {
	o := newOracleAPI(t, entries)
	for _, target := range append(oracleNear(r, entries), more...) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			continue // no server hands such a request on
		}
		for _, m := range []string{"GET", "POST", "OPTIONS", "HEAD"} {
			o.ask(t, m, u, target)
		}
	}
}

// Random sets of up to twelve endpoints, some of them disabled. ENDPOINT_SOAK
// makes it a million sets.
func TestRoutesRandom(t *testing.T) {
	sets := 1500
	if os.Getenv("ENDPOINT_SOAK") != "" {
		sets = 1_000_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 40)
	for range sets {
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		oracleCheck(t, r, oracleRandom(data[:1+r.IntN(len(data))]))
		if t.Failed() {
			t.FailNow()
		}
	}
}

func FuzzRoute(f *testing.F) {
	for _, target := range []string{
		"/", "//", "/a/", "/a/b", "/a/b/", "/a//b", "/a/./b", "/a/../b", "/a%2Fb/", "/%2e%2e/a", "/a%2F..%2Fb", "/a%00", "/%ff", `/a\b`, "/a%5Cb",
		"/%2Fevil.example/", "/%2Fevil.example", "/a?b=/../", "/a;b/c", "/a%25%32%66b", "/A", "/a.", "/é", "/%C3%A9", "/:p0", "/%3Ap0/%2A",
	} {
		f.Add([]byte{0x6, 3, 1, 2, 1, 0, 0}, target)
		f.Add([]byte{0x17, 0, 0, 0x1b, 1, 0x0c, 0, 1}, target)
	}
	f.Fuzz(func(t *testing.T, data []byte, target string) {
		oracleCheck(t, rand.New(rand.NewPCG(1, uint64(len(data)))), oracleRandom(data), target)
	})
}
