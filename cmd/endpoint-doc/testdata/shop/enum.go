package shop

// A State is where an order stands.
type State string

// What a state can be.
const (
	Open   State = "open"
	Closed State = "closed <&>"
	Again  State = Open // the same value
	hidden State = "hidden"
)

type Level int8

const (
	_ Level = iota - 2
	Low
	Middle
	High
	levels       = iota // has no type
	count  Level = iota
)

// access is unexported, and so are its constants.
type access uint64

const (
	reader access = 1
	writer access = 18446744073709551615
)

// Ratio has fractions.
type Ratio float64

const Half, Third Ratio = 0.5, 1.0 / 3

// Flags add up.
type Flags uint

const (
	A Flags = 1 << iota
	B
	C
)

// A Limit has names for some values.
//
//endpoint:open
type Limit int

const (
	Small Limit = 10
	Large Limit = 100
)

// One constant is no list.
type Single string

const Only Single = "only"

// Switch is on or off.
type Switch bool

const (
	On  Switch = true
	Off Switch = false
)

func local() {
	const hidden State = "local"
	type State int
}
