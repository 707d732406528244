# The workshop. Every target works on a machine with Go and git alone; the
# tools are built by go run in the versions below.

# Versions of the tools. They are no requirements of the modules.
GOLANGCI_LINT = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Every module of the repository, "." first.
MODULES = $(sort $(patsubst %/go.mod,%,$(shell find . -name go.mod -not -path '*/testdata/*' -not -path '*/node_modules/*')))

# The race detector needs cgo and a C compiler. SQLite in Go is translated C and
# not ours; under the detector it is so slow that locks run into their time-outs.
RACE := $(shell if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v $$(go env CC) >/dev/null 2>&1; then echo "-race -gcflags=modernc.org/...=-race=false"; fi)

# How long each fuzz target runs.
FUZZTIME = 30s

# More flags for go test, e.g. TESTFLAGS='-run TestLayers -v'.
TESTFLAGS =

# each runs a command in every module and goes on after a failure, which it
# reports at the end. $(1) is the command; it may use $$m, the module.
each = failed=; for m in $(MODULES); do ( cd $$m && $(1) ) || failed="$$failed $$m"; done; \
	if [ -n "$$failed" ]; then echo "failed in:$$failed" >&2; exit 1; fi

.PHONY: test race-note lint fuzz fuzz-seeds bench golden api tidy tidy-check fmt-check vet soak ci

# internal/bench and internal/integration judge others from outside, with large
# requirements that take minutes to build for the race detector.
test: race-note ## all tests of all modules
	@$(call each,echo "# module $$m" && \
		race='$(RACE)' && if [ $$m = ./internal/bench ] || [ $$m = ./internal/integration ]; then race=; fi && \
		go test $$race -shuffle=on $(TESTFLAGS) ./...)

race-note:
	@if [ -z "$(RACE)" ]; then echo "note: no C compiler or cgo is off, so tests run without -race" >&2; fi

lint: ## .golangci.yml says which linters, and why
	@root=$$PWD; $(call each,go run $(GOLANGCI_LINT) run --config "$$root/.golangci.yml" ./...)

fuzz: ## every fuzz target for FUZZTIME
	@$(call each,for p in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -r -n1 dirname | sort -u); do \
		if [ $$p != . ] && [ -f $$p/go.mod ]; then continue; fi; \
		for f in $$(cat $$p/*_test.go | grep -oE '^func Fuzz[A-Za-z0-9_]+' | cut -c6-); do \
			echo "# $$m $$p $$f" && go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) ./$$p || exit 1; \
		done; \
	done)

fuzz-seeds: ## the corpus of every fuzz target, without fuzzing
	@$(call each,go test -run '^Fuzz' $(TESTFLAGS) ./...)

bench: ## endpoint beside other frameworks, in one run
	cd internal/bench && go run .

golden: ## rewrite every file that tests compare with; read the difference before you commit it
	@$(call each,for p in $$(grep -rlE 'flag\.Bool."update"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u); do \
		go test -count=1 ./$$p -update || exit 1; \
	done)

api: ## rewrite testdata/api.txt, the exported API
	go test -count=1 -run '^TestAPI$$' . -update

tidy: ## go.mod and go.sum of every module
	@$(call each,go mod tidy)

tidy-check:
	@$(call each,go mod tidy -diff)

fmt-check:
	@files=$$(find . -name '*.go' -not -path '*/testdata/*' -not -path '*/node_modules/*' -exec gofmt -l {} +); \
	if [ -n "$$files" ]; then echo "not formatted; run gofmt -w on:" $$files >&2; exit 1; fi

vet:
	@$(call each,go vet ./...)

soak: ## the long tests too: endurance, load and exhaustive searches
	@ENDPOINT_SOAK=1 $(MAKE) test TESTFLAGS='-count=1 -timeout=60m $(TESTFLAGS)'

ci: ## what a change must pass
	bash .ci/run
