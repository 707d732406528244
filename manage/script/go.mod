module github.com/seed217079a1/endpoint/manage/script

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	go.starlark.net v0.0.0-20260908191801-89a6a09411d5
	golang.org/x/sys v0.49.0
)
