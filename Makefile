SHELL := /bin/bash
.PHONY: demo demo-cassandra test test-real soak bench build install check clean

ARGS ?=
NAME ?= all

# What is installed is exactly the lock file; a stamp keeps a second call quick.
node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

install: node_modules/.installed

build: install
	@npm run --silent build

# The main job on the embedded default: no root, no server, no account. Ctrl-C stops all of it.
demo: build
	@exec node dist/bin/edgetwin.js demo $(ARGS)

# The same on a real Cassandra cluster, a datacentre for each domain, that it starts and stops. What it is made of is fetched
# from Maven Central the first time.
demo-cassandra: build
	@lab/real/install.sh
	@node dist/lab/cassandra/install.js
	@exec node dist/bin/edgetwin.js demo --store cassandra $(ARGS)

test: build
	@npm run --silent lint
	@node dist/test/run.js test

test-real: build
	@lab/real/install.sh
	@node dist/sdn-app/ryu/install.js
	@node dist/lab/cassandra/install.js
	@node dist/test/run.js real

soak: build
	@node dist/test/run.js soak

bench: build
	@node dist/bench/main.js $(NAME)

clean:
	rm -rf dist node_modules .cache
