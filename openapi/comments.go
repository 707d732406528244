package openapi

// Comments are texts from the source, by name: the import path, a dot, and
// the name of a function, a type, a field of a type as Type.Field, or a method
// as Type.Method. The command endpoint-doc writes them; a type parameter list
// is no part of a name.
type Comments map[string]Comment

// A Comment is what the source says of one name.
type Comment struct {
	// Text describes it; paragraphs are separated by an empty line.
	Text string
	// Enum holds the constants of a type, each as JSON text such as "\"open\""
	// or "3". A document takes them as all the values that there are.
	Enum []string
}
