# What a developer does with Geartrain, one word each.

# Swift's crash reporter can hang where nobody looks at it.
export SWIFT_BACKTRACE := enable=no
# Tests start real servers: so many at once that each still keeps its deadlines on two cores.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 4
# The databases of others that the set-up has installed libraries for.
TRAITS := --traits PostgreSQL,ODBC
# Suites of stores that run on PostgreSQL too.
STORES := ^(RecordsTests|WorkflowTests|BatchTests|$\
MailTests\.(OldMail|Outbox|Intake|Crash|Incident|Reply|RecipientName)|$\
GatewayTests\.(Account|Session|Organization|KeptAnswer|Audit|Directory|Password|ListTool))
SOURCES := Package.swift Services Shared Tests compose

.PHONY: run test bench format lint setup clean

# Builds all five services into one program and runs it: http://127.0.0.1:8080, data in ./data.
run: setup
	swift build -c release $(TRAITS) --product script-host
	swift build -c release $(TRAITS) --product geartrain
	@exec .build/release/geartrain

# Installs the Debian packages that are missing.
setup:
	@Scripts/setup

# Everything that must hold: form, module graph, tests.
test:
	@Scripts/setup test
	swift format lint --strict --recursive $(SOURCES)
	swift build $(TRAITS) --build-tests --explicit-target-dependency-import-check error
	GEARTRAIN_TEST_ENGINE=postgresql Scripts/run-tests $(TRAITS) --skip-build --disable-xctest \
		--filter '$(STORES)'
	Scripts/run-tests $(TRAITS) --skip-build --disable-xctest

# Speed, as ratios to nginx, PocketBase, DBOS and raw SQLite in one run; ARGS=--help for options.
bench:
	@Scripts/setup bench
	swift build -c release $(TRAITS)
	@PATH="$(CURDIR)/.build-bench/bin:$$PATH" exec .build/release/benchmarks $(ARGS)

format:
	swift format --in-place --recursive $(SOURCES)

lint:
	swift format lint --strict --recursive $(SOURCES)

# Removes what was built; ./data stays.
clean:
	rm -rf .build .build-bench
