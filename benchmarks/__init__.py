"""Measurements: what each one tells and how to run it stands in docs/benchmarks.md."""
