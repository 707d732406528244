package endpointtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDump is how many bytes of a body a failure shows.
const maxDump = 4096

// dump shows the request and the answer, below a message.
func (a *Answer) dump() string {
	var b strings.Builder
	r := a.exchange.request
	fmt.Fprintf(&b, "\n> %s %s\n", r.Method, r.RequestURI)
	dumpRest(&b, "> ", r.Header, a.sent)
	x := a.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sent != nil {
		fmt.Fprintf(&b, "\n< %s\n", statusLine(x.status))
		dumpRest(&b, "< ", x.sent, x.body)
	}
	if x.cut {
		b.WriteString("\n< (the connection is cut)\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func jsonNumber(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// dumpRest shows what follows the first line of a message.
func dumpRest(b *strings.Builder, mark string, header http.Header, body []byte) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fmt.Fprintf(b, "%s%s: %s\n", mark, name, value)
		}
	}
	if len(body) == 0 {
		return
	}
	b.WriteString(strings.TrimRight(mark, " ") + "\n")
	for line := range strings.Lines(readable(body, isJSON(mediaType(header)))) {
		b.WriteString(mark + strings.TrimRight(line, "\r\n") + "\n")
	}
}

// readable returns a body as text: JSON indented, and what is no text quoted.
func readable(body []byte, isJSON bool) string {
	var indented bytes.Buffer
	if isJSON && len(body) <= maxDump && json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	rest := ""
	if len(body) > maxDump {
		rest = fmt.Sprintf("\n... and %d bytes more", len(body)-maxDump)
		body = body[:maxDump]
	}
	text := strings.ToValidUTF8(string(body), "")
	if !utf8.Valid(body) && rest == "" || strings.ContainsAny(text, "\x00\x1b") {
		text = strconv.Quote(string(body))
	}
	return text + rest
}
