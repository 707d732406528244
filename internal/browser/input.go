package browser

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Click waits until an element, given by a CSS selector, is visible, and clicks
// where it is, with the mouse.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Wait("an element to click: "+selector, "document.querySelector("+Quote(selector)+")?.checkVisibility()")
	var at struct{ X, Y float64 }
	err := p.Try(fmt.Sprintf(`
		const element = document.querySelector(%s);
		element.scrollIntoViewIfNeeded();
		const box = element.getBoundingClientRect();
		return { X: box.x + box.width / 2, Y: box.y + box.height / 2 };`, Quote(selector)), &at)
	if err != nil {
		p.t.Fatalf("click %s: %v", selector, err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.do("Input.dispatchMouseEvent", object{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// Write clicks a field and types.
func (p *Page) Write(selector, text string) {
	p.t.Helper()
	p.Click(selector)
	p.do("Input.insertText", object{"text": text}, nil)
}

// Press presses and releases keys one after another, wherever the focus is:
// "Tab", "Enter", "Escape", "ArrowDown" and the like, or one character. "Shift+"
// before a key holds Shift.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		modifiers := 0
		if shifted, ok := strings.CutPrefix(key, "Shift+"); ok {
			key, modifiers = shifted, 8
		}
		code, text := keyCode(key), keyText(key)
		if code == 0 && text == "" {
			p.t.Fatalf("press %q: no such key; write one character, or a name that keyCode has", key)
		}
		event := object{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
		if text != "" {
			event["text"] = text
		}
		p.do("Input.dispatchKeyEvent", event, nil)
		delete(event, "text")
		event["type"] = "keyUp"
		p.do("Input.dispatchKeyEvent", event, nil)
	}
}

// keyCode returns the code of a key that does something of its own, 0 for
// others.
func keyCode(key string) int {
	return map[string]int{
		"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "PageUp": 33, "PageDown": 34,
		"End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46,
	}[key]
}

// keyText returns what a key writes, "" for none.
func keyText(key string) string {
	switch {
	case key == "Enter":
		return "\r"
	case utf8.RuneCountInString(key) == 1:
		return key
	}
	return ""
}
