package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A load is what one server did under load.
type load struct {
	rate float64       // requests a second
	cpu  float64       // ns of the server a request
	p99  time.Duration // of a request, as the client sees it
}

// measureLoad sends C4 over all connections for a while.
func measureLoad(c *child, duration time.Duration) (load, error) {
	before, err := c.cpu()
	if err != nil {
		return load{}, err
	}
	begin := time.Now()
	times, err := sendAll(c.addr, begin.Add(duration))
	if err != nil {
		return load{}, err
	}
	took := time.Since(begin)
	after, err := c.cpu()
	if err != nil {
		return load{}, err
	}
	if len(times) == 0 {
		return load{}, errors.New("no request was answered")
	}
	slices.Sort(times)
	n := float64(len(times))
	return load{n / took.Seconds(), float64(after-before) / n, times[len(times)*99/100]}, nil
}

// sendAll returns how long each request took.
func sendAll(addr string, until time.Time) ([]time.Duration, error) {
	text := exchange{method: "POST", target: "/orders", contentType: typeJSON, body: orderBody}.wire()
	times := make([][]time.Duration, connections)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() { times[i], errs[i] = send(addr, []byte(text), until) })
	}
	wg.Wait()
	return slices.Concat(times...), errors.Join(errs...)
}

// send uses one connection, one request at a time.
func send(addr string, request []byte, until time.Time) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(until.Add(10 * time.Second)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	times := make([]time.Duration, 0, 4096)
	for begin := time.Now(); begin.Before(until); {
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := skipAnswer(in); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(begin))
		begin = now
	}
	return times, nil
}

// skipAnswer reads one answer of status 200 with a Content-Length, which
// net/http sets for answers as short as these.
func skipAnswer(in *bufio.Reader) error {
	first, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(first, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answer %q, want status 200", first)
	}
	length := -1
	for {
		text, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(text) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(text, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("answer without Content-Length")
	}
	if _, err := in.Discard(length); err != nil && err != io.EOF {
		return err
	}
	return nil
}
