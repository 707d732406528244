package main

import (
	"flag"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/readme"
)

var update = flag.Bool("update", false, "rewrite the blocks of the README")

const readmeFile = "../../README.md"

// session is what the README shows of the program.
const session = `
curl http://127.0.0.1:8080/api/hello/Ada
curl 'http://127.0.0.1:8080/api/hello/Ada?times=2'
curl -i 'http://127.0.0.1:8080/api/hello/Ada?times=many'
curl http://127.0.0.1:8080/api/hello/nobody
curl http://127.0.0.1:8080/api/unknown
`

func TestReadme(t *testing.T) {
	readme.CheckFile(t, readmeFile, "examples/hello/main.go", *update)
	readme.CheckFile(t, readmeFile, "examples/hello/main_test.go", *update)

	mux, err := service()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	got := readme.Session(t, readme.Lines(session), address, "127.0.0.1:8080", readme.Curl)
	readme.Check(t, readmeFile, "examples/hello answers", got, *update)
}
