//go:build shop_tag

package shop

// Tagged is there with a build tag.
type Tagged struct{}
