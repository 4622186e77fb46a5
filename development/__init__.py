"""What a developer types: `python -m development demo`, `… test`, `… local-aws`. The Makefile only calls these."""
