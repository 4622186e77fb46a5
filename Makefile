# Each command is plain Python, for machines without make: `python -m development demo`.
PYTHON ?= python3

.PHONY: demo test local-aws benchmarks

demo:  ## Deploy a Windows node group to an embedded local AWS, show it, and destroy it.
	@$(PYTHON) -m development demo

test:  ## Lint, types, the import wall and the tests.
	@$(PYTHON) -m development test

local-aws:  ## Leave a local AWS running, and print the environment variables for a terminal.
	@$(PYTHON) -m development local-aws

benchmarks:  ## Measure what the README claims.
	@$(PYTHON) -m development benchmarks
