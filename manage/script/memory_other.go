//go:build !linux

package script

import (
	"os"
	"time"
)

// watchMemory ends the process when it has more memory than the limit and what
// the runtime needs beside it. It looks every few milliseconds.
func watchMemory(l Limits) {
	const slack = 32 << 20
	most := mapped() + uint64(l.Memory) + slack
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			if mapped() > most {
				os.Exit(exitMemory)
			}
		}
	}()
}
