package endpoint

import (
	"slices"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// Override returns an API with the endpoints, options, configurations and
// providers of this one, in which opts hold over those of the API, its groups
// and its endpoints, as if they stood innermost; it takes the options of [New].
// It is meant for tests, which also [API.Configure] and [API.Provide] it:
// that, and what is registered with it, never reaches the API it was made from.
//
// The endpoints are the same, so that [Endpoint.Disable] acts on both and
// [API.Remove] on this one takes effect when the other compiles. Configurations
// and providers are those given before the call; values among them are shared.
//
//go:noinline
func (a *API) Override(opts ...Option) *API {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &API{
		options:    a.options,
		overrides:  slices.Concat(a.overrides, opts),
		place:      funcname.Here(1),
		components: []Component{a},
		removed:    map[*Endpoint]bool{},
		values:     slices.Clone(a.values),
		providers:  slices.Clone(a.providers),
	}
}
