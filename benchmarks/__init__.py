"""Measurements against the targets. `python -m benchmarks` runs them; each `bench_*.py` has `run() -> list[Figure]`."""
