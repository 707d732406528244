package script_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	"github.com/seed217079a1/endpoint/manage/script"
)

// A program that uses Workers begins its main with script.Worker().
func Example() {
	engine := script.Workers(script.Limits{})
	defer func() { _ = engine.Close() }()

	hello, err := engine.Compile(context.Background(), "hello.py", []byte(`
from flask import Request, Response
from typing import Any

def handler(request: Request, *args: Any, **kwargs: Any):
    print("called with", request.method)
    if request.method == "GET":
        return Response("Hello " + request.args.get("name", "World"), mimetype="text/plain")
    else:
        return Response(status=404)
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var log bytes.Buffer
	resp, err := hello(context.Background(), httptest.NewRequest("GET", "/u/hello?name=Jay", nil), &log)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"), string(body))
	fmt.Print("log: ", log.String())
	// Output:
	// 200 text/plain; charset=utf-8 Hello Jay
	// log: called with GET
}

func ExampleError() {
	engine := script.InProcess(script.Limits{})
	handler, err := engine.Compile(context.Background(), "broken.py", []byte(`
def half(n):
    return 10 // n

def handler(request):
    return str(half(0))
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = handler(context.Background(), httptest.NewRequest("GET", "/", nil), nil)
	if fault, ok := errors.AsType[*script.Error](err); ok {
		fmt.Println(fault)
		fmt.Print(fault.Backtrace)
	}
	// Output:
	// broken.py:3:15: in half: floored division by zero
	// Traceback (most recent call last):
	//   broken.py:6:20: in handler
	//   broken.py:3:15: in half
}

func ExampleSecrets() {
	// A real host looks the name up for the account that ctx belongs to.
	engine := script.InProcess(script.Limits{}, script.Secrets(func(_ context.Context, name string) (string, bool) {
		return "key", name == "webhook"
	}))
	webhook, err := engine.Compile(context.Background(), "webhook.py", []byte(`
def handler(request):
    want = hmac.new(secret("webhook"), request.body, "sha256").hexdigest()
    if not hmac.compare_digest(want, request.headers.get("X-Signature", "")):
        return Response("bad signature", status=401)
    return "welcome"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, signature := range []string{"guess", "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("The quick brown fox jumps over the lazy dog"))
		r.Header.Set("X-Signature", signature)
		resp, err := webhook(context.Background(), r, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		fmt.Println(resp.StatusCode, string(body))
	}
	// Output:
	// 401 bad signature
	// 200 welcome
}
