package manage

import (
	"fmt"
	"hash/crc32"
	"iter"
	"strconv"
	"strings"
)

// tagOf returns the entity tag of an endpoint: its revision, and, as the error
// of its handler is shown with it, something that changes with that.
func tagOf(revision int64, fault string) string {
	if fault == "" {
		return fmt.Sprintf(`"%d"`, revision)
	}
	return fmt.Sprintf(`"%d.%08x"`, revision, crc32.ChecksumIEEE([]byte(fault)))
}

// tags returns the entity tags of the lines of a condition, unquoted. What is
// no entity tag is returned as it is and matches nothing.
func tags(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range lines {
			for tag := range strings.SplitSeq(line, ",") { // ours have no comma
				tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
				if len(tag) > 1 && tag[0] == '"' && tag[len(tag)-1] == '"' {
					tag = tag[1 : len(tag)-1]
				}
				if !yield(tag) {
					return
				}
			}
		}
	}
}

// matchRevision reports whether a condition names a revision, or *.
func matchRevision(lines []string, revision int64) bool {
	want := strconv.FormatInt(revision, 10)
	for tag := range tags(lines) {
		if number, _, _ := strings.Cut(tag, "."); number == want || tag == "*" {
			return true
		}
	}
	return false
}

// matchTag reports whether a condition names an entity tag, or *.
func matchTag(lines []string, tag string) bool {
	for t := range tags(lines) {
		if `"`+t+`"` == tag || t == "*" {
			return true
		}
	}
	return false
}
