package main

import (
	"fmt"
	"net/url"
	"strings"
)

// Content types of the requests.
const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// orderBody is the valid body of C4, 407 bytes.
const orderBody = `{"number":"A-2026-0042","currency":"EUR","customer":{"name":"Ada Lovelace",` +
	`"email":"ada@example.com","address":{"street":"12 St James Square","city":"London",` +
	`"zip":"SW1Y 4JH","country":"GB"}},"lines":[{"sku":"PUNCH-100","title":"Punched cards",` +
	`"quantity":12,"price":1999},{"sku":"GEAR-7","title":"Brass gear wheel, seven teeth, 2 cm",` +
	`"quantity":3,"price":450}],"tags":["handle with care","priority export"]}`

// badOrderBody is C7b: orderBody with a wrong e-mail address and a quantity out of range.
func badOrderBody() string {
	bad := strings.Replace(orderBody, "ada@example.com", "ada.example.com", 1)
	return strings.Replace(bad, `"quantity":3,`, `"quantity":3000,`, 1)
}

// itemsBody is the body of C5: n items, about 105 bytes each.
// No two strings are equal, so that a codec's cache of strings does not help.
func itemsBody(n int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"sku":"SKU-%05d","title":"Item no. %05d","supplier":"Works %05d","quantity":%d,"price":%d}`,
			i+1, i, i, i, i%1000+1, 100+i)
	}
	b.WriteByte(']')
	return b.String()
}

// signupBody is the body of C8: ten fields, about 1 KB.
// Four of the values need unescaping, as they do in forms that browsers send.
func signupBody() string {
	words := strings.Repeat("we build an engine that weaves patterns ", 21)
	form := url.Values{
		"name": {"Ada Lovelace"}, "email": {"ada@example.com"}, "street": {"12 Square"},
		"city": {"London"}, "zip": {"SW1Y4JH"}, "country": {"GB"}, "phone": {"442079460000"},
		"age": {"36"}, "newsletter": {"true"}, "message": {strings.TrimSpace(words)},
	}
	return form.Encode()
}

// itemsAnswer is the answer to itemsBody(n).
func itemsAnswer(n int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"sku":"SKU-%05d","total":%d}`, i+1, i, (i%1000+1)*(100+i))
	}
	b.WriteByte(']')
	return b.String()
}
