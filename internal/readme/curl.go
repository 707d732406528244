package readme

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// exchangeTimeout bounds one request with its answer.
const exchangeTimeout = 20 * time.Second

// Lines returns the lines of a text that begin with "curl ".
func Lines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "curl ") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// Session runs each curl line and returns what a terminal shows. address is
// where the service listens, and shown the one that the lines and the session
// have instead.
func Session(t *testing.T, lines []string, address, shown string, run func(line string) (string, error)) string {
	t.Helper()
	var b strings.Builder
	for _, line := range lines {
		out, err := run(strings.ReplaceAll(line, shown, address))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = strings.ReplaceAll(strings.ReplaceAll(out, "\r\n", "\n"), address, shown)
		fmt.Fprintf(&b, "$ %s\n%s\n\n", line, strings.TrimRight(out, "\n"))
	}
	return b.String()
}

// Curl does what curl does with a line, and returns what it prints. It knows
// the options -d, --data-binary, -H, -i, -N, -r and -X, which stand alone, and
// words in single quotes.
func Curl(line string) (string, error) {
	c, err := parse(line)
	if err != nil {
		return "", err
	}
	return c.run()
}

// A command is a curl line.
type command struct {
	method  string
	url     string
	header  http.Header
	body    string
	include bool // -i
}

func parse(line string) (*command, error) {
	words, err := split(line)
	if err != nil || len(words) < 2 || words[0] != "curl" {
		return nil, fmt.Errorf("%q is no curl line: %w", line, err)
	}
	c := &command{header: http.Header{"Accept": {"*/*"}, "User-Agent": {"curl"}}}
	posts := false
	for i := 1; i < len(words); i++ {
		word := words[i]
		switch word {
		case "-i":
			c.include = true
			continue
		case "-N":
			continue
		}
		if !strings.HasPrefix(word, "-") {
			c.url = word
			continue
		}
		if i++; i == len(words) {
			return nil, fmt.Errorf("option %q has no value", word)
		}
		switch value := words[i]; word {
		case "-X":
			c.method = value
		case "-H":
			name, text, _ := strings.Cut(value, ":")
			c.header.Set(name, strings.TrimSpace(text))
		case "-d", "--data-binary":
			c.body, posts = value, true
		case "-r":
			c.header.Set("Range", "bytes="+value)
		default:
			return nil, fmt.Errorf("option %q is not known here", word)
		}
	}
	c.fill(posts)
	return c, nil
}

// fill sets what curl sets by itself.
func (c *command) fill(posts bool) {
	if c.method == "" {
		c.method = http.MethodGet
		if posts {
			c.method = http.MethodPost
		}
	}
	if posts && c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

// split cuts a line into words as a shell does, with single quotes alone.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quoted := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, inWord = !quoted, true
		case r == ' ' && !quoted:
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		case !quoted && strings.ContainsRune("\\\"$&|;<>*?~`(){}!#", r):
			return nil, fmt.Errorf("%q means something to a shell; quote it", r)
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote does not end")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// run sends the request over a connection of its own, so that the header
// fields of the answer are seen as they were sent.
func (c *command) run() (string, error) {
	u, err := url.Parse(c.url)
	if err != nil {
		return "", err
	}
	conn, err := net.DialTimeout("tcp", u.Host, exchangeTimeout)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return "", err
	}
	request, err := http.NewRequest(c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		return "", err
	}
	request.Header = c.header
	if err := request.Write(conn); err != nil {
		return "", err
	}
	var raw bytes.Buffer
	response, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	head, _, _ := strings.Cut(raw.String(), "\r\n\r\n")
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if c.include {
		return head + "\r\n\r\n" + string(body), nil
	}
	return string(body), nil
}
