package main

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"github.com/seed217079a1/endpoint"
)

// Downloads all users as CSV with a header line.
func exportUsers(store *Users) (endpoint.Media, error) {
	users, modified := store.List()
	rows := [][]string{{"id", "name", "email"}}
	for _, u := range users {
		rows = append(rows, []string{strconv.FormatInt(u.ID, 10), u.Name, u.Email})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return endpoint.Media{}, err // a 500 that does not show this text
	}
	// Content that can seek gets ranges, an ETag and If-Modified-Since; any
	// other io.Reader is streamed.
	return endpoint.Media{
		ContentType: "text/csv; charset=utf-8",
		Name:        "users.csv",
		Content:     bytes.NewReader(b.Bytes()),
		Modified:    modified,
	}, nil
}
