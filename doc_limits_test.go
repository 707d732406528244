package endpoint

import (
	"fmt"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/route"
)

// TestDocLimits holds the limits in the package comment true.
func TestDocLimits(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	_, limits, _ := strings.Cut(f.Doc.Text(), "# Limits")
	limits = strings.Join(strings.Fields(limits), " ")
	for _, want := range []string{
		fmt.Sprintf("request body %d MiB", defaultMaxBody>>20),
		fmt.Sprintf("pause within a body %.0f s, see BodyTimeout; then %d KiB/s after %.0f s",
			defaultBodyTimeout.Seconds(), minBodyRate>>10, 2*defaultBodyTimeout.Seconds()),
		fmt.Sprintf("one write of an answer %.0f s for streams and answers beyond %d KiB", writeTimeout.Seconds(), chunkSize>>10),
		fmt.Sprintf("segments of a path %d", route.MaxSegments),
		fmt.Sprintf("levels of JSON %d", maxDepth),
		fmt.Sprintf("cookies %d", maxCookies),
		fmt.Sprintf("parts of a multipart body %d, with %d MiB in memory", maxParts, maxPartMemory>>20),
		fmt.Sprintf("faults in an answer %d, in %d KiB", maxFaults, maxProblem>>10),
		fmt.Sprintf("silence between events %.0f s", keepAlive.Seconds()),
	} {
		if !strings.Contains(limits, want) {
			t.Errorf("the package comment does not say %q", want)
		}
	}
}
