"""Measurements that stand in docs/benchmarks.md. `make bench` runs them; no test asserts a time.

Each module has `measure() -> dict[str, float]`, figures by name; the name ends in its unit.
"""
