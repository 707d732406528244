package main

import (
	"fmt"
	"io"
	"net"
	"strings"
)

// requests are the lines to try, in an order in which each works when pasted.
// The test runs every one and compares the answers with the README.
const requests = `
curl $URL/api/users
curl -i -H 'Content-Type: application/json' -d '{"name":"Edsger","email":"edsger@example.com"}' $URL/api/users
curl '$URL/api/users?name=a&limit=1'
curl -X PUT -H 'Content-Type: application/json' -d '{"name":"Grace Hopper","email":"grace@example.com"}' $URL/api/users/2
curl -i -X PUT -H 'Content-Type: application/json' -d '{"name":"","email":"nobody"}' $URL/api/users/0
curl -i -X DELETE $URL/api/users/3
curl $URL/api/users/3
curl $URL/api/users.csv
curl -r 0-6 $URL/api/users.csv
curl -N '$URL/api/events?limit=3'
curl -N -H 'Last-Event-ID: 3' '$URL/api/events?limit=2'
curl $URL/api/greetings/Ada
curl --data-binary 'Hello, World!' -H 'X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' $URL/api/hooks/github
curl --data-binary 'Hello, Mallory!' -H 'X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' $URL/api/hooks/github
curl $URL/healthz
`

// printHelp prints where the service listens and what to try.
func printHelp(w io.Writer, url string) {
	fmt.Fprintf(w, "Listening on %s, Ctrl-C stops. Try in another terminal:\n", url)
	fmt.Fprintln(w, strings.ReplaceAll(requests, "$URL", url))
}

// baseURL is the address as a client writes it: an address that stands for
// all of the machine is reached as localhost.
func baseURL(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err != nil || ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
