"""Races and measurements: `pytest tests/benchmarks --benchmark-only`."""
