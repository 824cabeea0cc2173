"""Benchmarks of Cluster Lab and a peer in the same run: `python -m benchmarks.<name>`."""
