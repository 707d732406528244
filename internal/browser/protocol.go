package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// object is the parameters of a command.
type object map[string]any

// A message is a command's answer, or an event.
type message struct {
	ID        int             `json:"id"`
	Session   string          `json:"sessionId"`
	Method    string          `json:"method"`
	Params    json.RawMessage `json:"params"`
	Result    json.RawMessage `json:"result"`
	Complaint *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// read hands out what the browser says: messages, each ended by a NUL.
func (b *Browser) read(from io.ReadCloser) {
	defer from.Close()
	defer close(b.gone)
	for r := bufio.NewReader(from); ; {
		line, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(line[:len(line)-1], &m) != nil {
			continue // not for us
		}
		b.mu.Lock()
		answer, watch := b.waiting[m.ID], b.watch[m.Session]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		if answer != nil {
			answer <- m
			continue
		}
		for _, f := range watch {
			f(m)
		}
	}
}

// onEvent calls f for each event of a session, in their order. f must not wait.
func (b *Browser) onEvent(session string, f func(message)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watch[session] = append(b.watch[session], f)
}

// do sends a command and decodes its answer into result, unless that is nil.
func (b *Browser) do(session, method string, params, result any) error {
	answer := make(chan message, 1)
	if err := b.send(session, method, params, answer); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	select {
	case m := <-answer:
		if m.Complaint != nil {
			return fmt.Errorf("%s: %s", method, m.Complaint.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-b.gone:
		return fmt.Errorf("%s: the browser is gone", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// send sends a command; answer may be nil, for one who does not wait.
func (b *Browser) send(session, method string, params any, answer chan message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	line, err := json.Marshal(struct {
		ID      int    `json:"id"`
		Session string `json:"sessionId,omitempty"`
		Method  string `json:"method"`
		Params  any    `json:"params,omitempty"`
	}{b.last, session, method, params})
	if err != nil {
		return err
	}
	if answer != nil {
		b.waiting[b.last] = answer
	}
	_, err = b.to.Write(append(line, 0))
	return err
}
