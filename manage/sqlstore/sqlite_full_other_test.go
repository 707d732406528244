//go:build !linux

package sqlstore_test

import "errors"

func fullDisk(string) error { return errors.New("the size of files is limited on Linux only") }
