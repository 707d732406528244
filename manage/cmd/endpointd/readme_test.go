package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/readme"
)

var update = flag.Bool("update", false, "rewrite what the README shows of the program")

const (
	readmeFile = "../../README.md"
	shown      = "127.0.0.1:8080" // the default, and the address in the README
)

// session is what the README shows of the API.
const session = `
curl -i -X PUT http://127.0.0.1:8080/api/v1/http-endpoint/hello -H "Authorization: Bearer $TOKEN" -d '{"path": "greeting", "handler_script_path": "/admin/hello.star"}'
curl 'http://127.0.0.1:8080/api/v1/http-endpoint/u/greeting?name=Ada' -H "Authorization: Bearer $TOKEN"
curl 'http://127.0.0.1:8080/api/v1/http-endpoint/list?state=ENABLED' -H "Authorization: Bearer $TOKEN"
curl -X PATCH http://127.0.0.1:8080/api/v1/http-endpoint/hello -H "Authorization: Bearer $TOKEN" -d '{"enabled": false}'
curl http://127.0.0.1:8080/api/v1/http-endpoint/u/greeting -H "Authorization: Bearer $TOKEN"
curl 'http://127.0.0.1:8080/api/v1/http-endpoint/hello/history?limit=1' -H "Authorization: Bearer $TOKEN"
`

// TestReadme runs the session of the README.
func TestReadme(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data)
	token, bo := d.token(), d.account(data, "bo")
	address := strings.TrimPrefix(d.url, "http://")
	said := strings.NewReplacer(address, shown,
		token, "4TwxYvVKAFiJ_jL2Dn0b9Hq8sR1mZc6GpXeUoTk3WlE", bo, "hZ5rC0pQ7tNn3yUeJwLx9aVd_F2gKb8MiSoBqX6E1cs",
	).Replace("$ endpointd\n" + d.said.String() + "\n$ endpointd token bo\n" + bo)
	readme.Check(t, readmeFile, "endpointd", said, *update)

	times := regexp.MustCompile(`"time":"[^"]+"`)
	got := readme.Session(t, readme.Lines(session), address, shown, func(line string) (string, error) {
		out, err := readme.Curl(strings.ReplaceAll(line, `"Authorization: Bearer $TOKEN"`, "'Authorization: Bearer "+token+"'"))
		return times.ReplaceAllString(out, `"time":"2026-11-21T12:00:00.000000Z"`), err
	})
	readme.Check(t, readmeFile, "endpointd answers", got, *update)
}

// TestReadmeFlags compares the table of flags with those that there are.
func TestReadmeFlags(t *testing.T) {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	new(settings).define(fs)
	var table bytes.Buffer
	table.WriteString("| flag | default | |\n| --- | --- | --- |\n")
	fs.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		name, usual := "-"+f.Name, ""
		if value != "" {
			name += " " + value
		}
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			usual = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", name, usual, text)
	})
	text, err := os.ReadFile(filepath.FromSlash(readmeFile))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n\n"+table.String()+"\n") {
		t.Errorf("%s lacks the table of flags as it is now:\n%s", readmeFile, &table)
	}
}
