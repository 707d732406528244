package missing

import "example.com/nowhere"

// T is broken.
type T struct{ A nowhere.T }
