package endpoint

import "time"

// SetRespKeepAlive shortens the silence that a stream of events may keep, and
// returns the function that restores it. No stream may run meanwhile.
func SetRespKeepAlive(d time.Duration) (restore func()) {
	before := keepAlive
	keepAlive = d
	return func() { keepAlive = before }
}
