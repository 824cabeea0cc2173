"""Our figures beside a peer's, from one run: `python -m benchmarks.<name>`."""
