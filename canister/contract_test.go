package canister_test

import (
	"context"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

// The contract: the names and signatures that programs outside compile
// against. A change here breaks them, so these assignments are never adapted to
// the code.
var (
	_ func(api *endpoint.API, path string, s canister.Service, opts ...endpoint.Option) *endpoint.Endpoint = canister.Handle

	_ func(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) = canister.Func(nil)

	_ func(token int, fn func(ctx context.Context, token int) (body []byte, next *int, err error)) canister.StreamingStrategy = canister.Callback[int]

	_ func(initial int, clone func(int) int) *canister.State[int] = canister.NewState[int]
	_ func(s *canister.State[int], ctx context.Context) int       = (*canister.State[int]).Get
	_ func(s *canister.State[int], ctx context.Context) *int      = (*canister.State[int]).Edit

	_ *canister.Func = &new(canister.Service).Query
	_ *canister.Func = &new(canister.Service).Update

	_ *string = &new(canister.HeaderField).Name
	_ *string = &new(canister.HeaderField).Value

	_ *string                 = &new(canister.HTTPRequest).Method
	_ *string                 = &new(canister.HTTPRequest).URL
	_ *[]canister.HeaderField = &new(canister.HTTPRequest).Headers
	_ *[]byte                 = &new(canister.HTTPRequest).Body
	_ *uint16                 = &new(canister.HTTPRequest).CertificateVersion

	_ *uint16                     = &new(canister.HTTPResponse).StatusCode
	_ *[]canister.HeaderField     = &new(canister.HTTPResponse).Headers
	_ *[]byte                     = &new(canister.HTTPResponse).Body
	_ *canister.StreamingStrategy = &new(canister.HTTPResponse).StreamingStrategy
	_ *bool                       = &new(canister.HTTPResponse).Upgrade
)
