package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanRepository fills in from a query, and returns what could not be converted.
func scanRepository(query string, in *repository) (faults []handFault) {
	for query != "" {
		var pair string
		var err error
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if value, err = url.QueryUnescape(value); err != nil {
			return append(faults, queryFault(key, "syntax", "has a bad escape"))
		}
		switch key {
		case "page":
			if in.Page, err = strconv.Atoi(value); err != nil {
				in.Page = 1
				faults = append(faults, queryFault("page", "type", "must be an integer"))
			}
		case "archived":
			if in.Archived, err = strconv.ParseBool(value); err != nil {
				faults = append(faults, queryFault("archived", "type", "must be true or false"))
			}
		case "sort":
			in.Sort = value
		case "label":
			in.Labels = append(in.Labels, value)
		}
	}
	return faults
}

// checkRepository appends the rules that in breaks.
func checkRepository(in *repository, faults []handFault) []handFault {
	if in.Page < 1 || in.Page > 1000 {
		faults = append(faults, queryFault("page", "range", "must be between 1 and 1000"))
	}
	switch in.Sort {
	case "created", "updated", "pushed", "full_name":
	default:
		faults = append(faults, queryFault("sort", "oneof", "must be created, updated, pushed or full_name"))
	}
	if len(in.Labels) > 10 {
		faults = append(faults, queryFault("label", "max", "must have at most 10 elements"))
	}
	for _, label := range in.Labels {
		if !within(label, 1, 50) {
			faults = append(faults, queryFault("label", "range", "must be 1 to 50 characters"))
		}
	}
	return faults
}

func queryFault(name, code, message string) handFault {
	return handFault{In: "query", Name: name, Code: code, Message: message}
}

// checker collects the faults of a JSON body.
type checker struct{ faults []handFault }

// text wants s to be min to max characters long.
func (c *checker) text(s string, min, max int, pointer string) {
	if !within(s, min, max) {
		c.add(pointer, "range", fmt.Sprintf("must be %d to %d characters", min, max))
	}
}

func (c *checker) add(pointer, code, message string) {
	c.faults = append(c.faults, handFault{In: "body", Pointer: pointer, Code: code, Message: message})
}

func checkOrder(o *order) []handFault {
	var c checker
	c.text(o.Number, 3, 20, "/number")
	if o.Currency != "EUR" && o.Currency != "USD" && o.Currency != "GBP" {
		c.add("/currency", "oneof", "must be EUR, USD or GBP")
	}
	c.customer(&o.Customer)
	if len(o.Lines) < 1 || len(o.Lines) > 50 {
		c.add("/lines", "range", "must have 1 to 50 elements")
	}
	for i := range o.Lines {
		c.line(&o.Lines[i], i)
	}
	if len(o.Tags) > 10 {
		c.add("/tags", "max", "must have at most 10 elements")
	}
	for i, tag := range o.Tags {
		if !within(tag, 1, 20) {
			c.add("/tags/"+strconv.Itoa(i), "range", "must be 1 to 20 characters")
		}
	}
	return c.faults
}

func (c *checker) customer(in *customer) {
	c.text(in.Name, 1, 100, "/customer/name")
	if !isEmail(in.Email) {
		c.add("/customer/email", "email", "must be an e-mail address")
	}
	c.text(in.Address.Street, 1, 100, "/customer/address/street")
	c.text(in.Address.City, 1, 60, "/customer/address/city")
	c.text(in.Address.Zip, 3, 10, "/customer/address/zip")
	c.text(in.Address.Country, 2, 2, "/customer/address/country")
}

func (c *checker) line(in *line, i int) {
	if within(in.SKU, 3, 20) && within(in.Title, 1, 80) &&
		in.Quantity >= 1 && in.Quantity <= 1000 && in.Price >= 0 && in.Price <= 10000000 {
		return
	}
	at := "/lines/" + strconv.Itoa(i)
	c.text(in.SKU, 3, 20, at+"/sku")
	c.text(in.Title, 1, 80, at+"/title")
	if in.Quantity < 1 || in.Quantity > 1000 {
		c.add(at+"/quantity", "range", "must be between 1 and 1000")
	}
	if in.Price < 0 || in.Price > 10000000 {
		c.add(at+"/price", "range", "must be between 0 and 10000000")
	}
}

func checkItems(items []item) []handFault {
	var c checker
	for i := range items {
		in := &items[i]
		if in.ID >= 1 && within(in.SKU, 3, 20) && within(in.Title, 1, 80) && within(in.Supplier, 1, 40) &&
			in.Quantity >= 1 && in.Quantity <= 1000 && in.Price >= 0 && in.Price <= 10000000 {
			continue
		}
		c.add("/"+strconv.Itoa(i), "rule", "breaks a rule")
	}
	return c.faults
}

// scanSignup fills in from a form, and returns what could not be converted.
func scanSignup(text []byte, in *signup) (faults []handFault) {
	form, at, n, ok := unescapeForm(text)
	if !ok {
		return []handFault{{In: "form", Code: "syntax", Message: "has a bad escape or too many fields"}}
	}
	var err error
	for _, pair := range at[:n] {
		value := form[pair.equal:pair.end]
		switch key := form[pair.key:pair.equal]; key {
		case "name":
			in.Name = value
		case "email":
			in.Email = value
		case "street":
			in.Street = value
		case "city":
			in.City = value
		case "zip":
			in.Zip = value
		case "country":
			in.Country = value
		case "phone":
			in.Phone = value
		case "message":
			in.Message = value
		case "age":
			if in.Age, err = strconv.Atoi(value); err != nil {
				faults = append(faults, handFault{In: "form", Name: key, Code: "type", Message: "must be an integer"})
			}
		case "newsletter":
			if in.Newsletter, err = strconv.ParseBool(value); err != nil {
				faults = append(faults, handFault{In: "form", Name: key, Code: "type", Message: "must be true or false"})
			}
		}
	}
	return faults
}

// checkSignup appends the rules that in breaks.
func checkSignup(in *signup, faults []handFault) []handFault {
	add := func(name, message string) {
		faults = append(faults, handFault{In: "form", Name: name, Code: "rule", Message: message})
	}
	text := func(name, s string, min, max int) {
		if !within(s, min, max) {
			add(name, fmt.Sprintf("must be %d to %d characters", min, max))
		}
	}
	text("name", in.Name, 1, 100)
	text("street", in.Street, 1, 100)
	text("city", in.City, 1, 60)
	text("zip", in.Zip, 3, 10)
	text("country", in.Country, 2, 2)
	text("phone", in.Phone, 5, 20)
	text("message", in.Message, 1, 2000)
	if !isEmail(in.Email) {
		add("email", "must be an e-mail address")
	}
	if in.Age < 18 || in.Age > 130 {
		add("age", "must be between 18 and 130")
	}
	return faults
}

// within tells whether s has min to max characters.
func within(s string, min, max int) bool {
	if len(s) < min {
		return false
	}
	if len(s) > max || min > 1 {
		n := utf8.RuneCountInString(s)
		return n >= min && n <= max
	}
	return true
}

// isEmail accepts the addresses that people have: letters, digits and a few
// marks, one @, and a domain with a dot.
func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || !strings.Contains(domain, ".") {
		return false
	}
	return words(local, "!#$%&'*+/=?^_{|}~-") && words(domain, "-")
}

// words tells whether s consists of words of letters, digits and marks, with single dots between.
func words(s, marks string) bool {
	dot := true
	for i := range len(s) {
		b := s[i]
		switch {
		case b == '.':
			if dot {
				return false
			}
			dot = true
			continue
		case 'a' <= b|0x20 && b|0x20 <= 'z', '0' <= b && b <= '9', strings.IndexByte(marks, b) >= 0:
		default:
			return false
		}
		dot = false
	}
	return !dot
}
