package endpointtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// A Request is what a test is about to send. Its methods change it and return
// it; [Request.Send], [Request.Status] and [Request.Problem] send it, each time
// anew.
type Request struct {
	client  *Client
	method  string
	target  string
	query   url.Values
	header  http.Header
	cookies []*http.Cookie
	body    any
	files   []file
}

// A file is one part of a multipart body.
type file struct {
	field, name string
	content     io.Reader
}

// Query adds values of a query parameter to those of the target.
func (r *Request) Query(name string, values ...string) *Request {
	r.query[name] = append(r.query[name], values...)
	return r
}

// Header sets a header field to these values; without any it is not sent, also
// not if the client or the body would set it.
func (r *Request) Header(name string, values ...string) *Request {
	r.header[http.CanonicalHeaderKey(name)] = values
	return r
}

// Cookie adds a cookie to those of the client's jar.
func (r *Request) Cookie(name, value string) *Request {
	r.cookies = append(r.cookies, &http.Cookie{Name: name, Value: value})
	return r
}

// Body sets the body: [url.Values] are a form; a string, []byte or [io.Reader]
// is sent as it is, and needs a Content-Type by [Request.Header] where the
// server wants one; anything else is sent as JSON, as the server itself would
// write it.
func (r *Request) Body(v any) *Request {
	r.body = v
	return r
}

// File adds a file to a multipart form, whose other fields are the [url.Values]
// of [Request.Body].
func (r *Request) File(field, name string, content io.Reader) *Request {
	r.files = append(r.files, file{field, name, content})
	return r
}

// Status sends the request and checks the status of the answer.
func (r *Request) Status(want int) *Answer {
	r.client.t.Helper()
	return r.Send().Status(want)
}

// Problem sends the request and checks the answer as [Answer.Problem] does.
func (r *Request) Problem(status int, faults ...string) *Answer {
	r.client.t.Helper()
	return r.Send().Problem(status, faults...)
}

// Send sends the request. It returns when the handler has, or when it has
// flushed the beginning of a stream.
func (r *Request) Send() *Answer {
	r.client.t.Helper()
	a := r.Start()
	a.await()
	return a
}

// Start sends the request and returns at once, for a stream that has nothing to
// say yet. The methods of the answer wait for what they look at.
func (r *Request) Start() *Answer {
	r.client.t.Helper()
	sent, body, err := r.build()
	if err != nil {
		r.client.t.Fatalf("endpointtest: %s %s: %v", r.method, r.target, err)
	}
	return r.client.start(sent, body)
}

// build makes the request that a server would have read.
func (r *Request) build() (*http.Request, []byte, error) {
	req, err := parseTarget(r.method, r.target, r.query)
	if err != nil {
		return nil, nil, err
	}
	body, contentType, err := r.content()
	if err != nil {
		return nil, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, values := range r.header {
		if req.Header[name] = values; len(values) == 0 {
			delete(req.Header, name)
		}
	}
	for _, cookie := range slices.Concat(r.client.cookies(req), r.cookies) {
		req.AddCookie(cookie)
	}
	req.Body, req.ContentLength = http.NoBody, 0
	if body != nil {
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.Header.Set("Content-Length", fmt.Sprint(len(body)))
	}
	return req, body, nil
}

// parseTarget reads the first line of a request as a server does.
func parseTarget(method, target string, query url.Values) (*http.Request, error) {
	host, secure := "example.com", strings.HasPrefix(target, "https://")
	if secure || strings.HasPrefix(target, "http://") {
		_, rest, _ := strings.Cut(target, "://")
		i := strings.IndexAny(rest+"/", "/?")
		host, target = rest[:i], rest[i:]
	}
	if target != "*" && !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	if more := query.Encode(); more != "" {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + more
	}
	if strings.ContainsAny(method, " \t\r\n") {
		return nil, fmt.Errorf("the method %q has white space; write one word, such as GET", method)
	}
	if strings.ContainsAny(target+host, " \t\r\n") {
		return nil, fmt.Errorf("the target %q has white space; escape it as url.PathEscape does, or use Query", target)
	}
	text := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return nil, err
	}
	req.RemoteAddr = "192.0.2.1:1234" // of a network for documentation
	if secure {
		req.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: host}
	}
	return req, nil
}

// content returns the body and its type, nil for none.
func (r *Request) content() (body []byte, contentType string, err error) {
	if len(r.files) > 0 {
		return r.multipart()
	}
	switch v := r.body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(v.Encode()), "application/x-www-form-urlencoded", nil
	case string:
		return []byte(v), "", nil
	case []byte:
		return v, "", nil
	case io.Reader:
		body, err = io.ReadAll(v)
		r.body = body // so that it may be sent again
		return body, "", err
	}
	body, err = json.Marshal(r.body, json.Deterministic(true))
	if err != nil {
		return nil, "", fmt.Errorf("the body is no JSON: %w", err)
	}
	return body, "application/json", nil
}

// multipart makes a form with files.
func (r *Request) multipart() (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	fields, ok := r.body.(url.Values)
	if !ok && r.body != nil {
		return nil, "", fmt.Errorf("the body beside files is a %T; give url.Values", r.body)
	}
	for name, values := range fields {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				return nil, "", err
			}
		}
	}
	for i, f := range r.files {
		data, err := io.ReadAll(f.content)
		if err != nil {
			return nil, "", err
		}
		r.files[i].content = bytes.NewReader(data) // so that it may be sent again
		part, err := w.CreateFormFile(f.field, f.name)
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(data); err != nil {
			return nil, "", err
		}
	}
	err = w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}

// start begins to serve a request.
func (c *Client) start(r *http.Request, body []byte) *Answer {
	x := c.exchange(r)
	c.t.Cleanup(x.close)
	return &Answer{client: c, exchange: x, sent: body}
}
