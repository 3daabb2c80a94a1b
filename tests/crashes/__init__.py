"""Kills, full disks and failing writes against the real library. Knows no store better than any other.

`python -m tests.crashes --store duckdb --kills 200 --pictures 20000` is the long loop.
"""
