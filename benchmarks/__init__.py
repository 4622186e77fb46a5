"""What the README claims about cost, measured: `python -m benchmarks`, each figure beside its floor in the same run."""
