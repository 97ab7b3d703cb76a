# The tools stand in modules of their own, so that go.mod stays lean. They are
# never tidied; see docs/decisions/0021-tools-in-modules-of-their-own.md.
BUF         := go tool -modfile=tools/go.mod buf
STATICCHECK := go tool -modfile=tools/lint/go.mod staticcheck

FUZZTIME  ?= 10s
BENCHTIME ?= 1s
KILLS     ?= 240
DOCS      ?= 1000000
PAGES     ?= 1500

.PHONY: help build test race demo generate lint breaking fuzz bench bench-peers bench-unseen torture quality e2e auditkill auditscale ci

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/' | expand -t 12

build: ## build the winnow binary into bin/
	go build -trimpath -o bin/winnow ./cmd/winnow

test: ## run all tests
	go vet ./...
	go test ./...

# Without the measurements on whole corpora, which look for no races and would
# take ten times as long.
race: ## run the tests with the race detector
	go test -race -short -skip '^(TestCost|TestQuality.*|TestBadInput)$$' $$(go list ./... | grep -v '/internal/')

demo: ## clean the seeds and a page through a real server and client, and compare with the goldens
	go run ./examples/demo

generate: ## generate the Go code of proto/
	$(BUF) generate

lint: ## check the form of code and protos: gofmt, vet, staticcheck, buf
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "gofmt: not formatted: $$files"; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	$(BUF) lint
	$(BUF) format -d --exit-code

breaking: ## check that proto/ breaks no client of the commit in AGAINST (default: the one before)
	$(BUF) breaking --against '.git#ref=$(or $(AGAINST),HEAD~1)'

fuzz: ## fuzz every target for FUZZTIME (default 10s)
	@.ci/fuzz $(FUZZTIME)

bench: ## run all benchmarks for BENCHTIME (default 1s)
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./...

# FOLDS is a folder of block models that train.py --folds wrote, each trained
# without one fold of the pages; without it winnow's own quality with the block
# model cannot be told. RESULTS keeps results, so that a run can go on.
bench-peers: ## compare quality and speed with the other engines for Go, and write docs/bench.md
	cd bench && go run . $(if $(FOLDS),-folds $(abspath $(FOLDS))) $(if $(RESULTS),-results $(abspath $(RESULTS)))

bench-unseen: ## compare quality on the pages of another project's evaluation, and write docs/bench-unseen.md
	cd bench && go run . -unseen

torture: ## kill runs over archives KILLS times (default 240) and compare what they leave
	go test -count=1 -timeout 60m -run '^(TestTorture|TestFullDisk)$$' -v ./cmd/winnow -kills $(KILLS)

scale: ## clean DOCS texts (default 1000000) and PAGES pages, and measure memory, speed and what servers cost
	go test -count=1 -timeout 6h -run '^TestScale(Pages)?$$' -v ./cmd/winnow -scale $(DOCS) -scale-pages $(PAGES)

quality: ## measure quality on the shared corpora and compare with testdata/quality.golden
	go test -count=1 -run Quality -v ./...

e2e: ## build, serve, and call the server with grpcurl, Node and Python
	.ci/e2e

auditkill: ## kill a process that records 100 times, and look for torn and missing decisions
	WINNOW_KILLS=100 go test -count=1 -run TestKill -v ./audit/sqlstore

auditscale: ## write 10 million removals (some 20 minutes, 4 GB in TMPDIR) and time the queries of the record
	WINNOW_SCALE=10000000 go test -count=1 -timeout 2h -run TestScale -v ./audit/sqlstore

ci: ## everything that a commit must pass, on a machine with Go and Node alone
	.ci/run
