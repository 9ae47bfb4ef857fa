"""Speed against peers, kill tests and learning runs. `python -m benchmarks` writes RESULTS.md."""
