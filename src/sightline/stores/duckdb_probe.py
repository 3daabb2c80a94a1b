"""Opens a DuckDB file in a process of its own, which may die of it. Does not know what to do about it.

    python -m sightline.stores.duckdb_probe FILE [deep]

Exit status 0: it opens, and its log is replayed; deep: every value can be read. 3: not now, and the verdict
is on stdout. Anything else, a signal too: the file is broken. Some damage raises nothing: the process ends.
"""

import subprocess
import sys
from pathlib import Path

import duckdb

from sightline.stores.duckdb_failures import NOT_ITS_FAULT, Verdict, verdict

NOT_NOW = 3
BROKEN = 4
MAX_PROBE_S = (
    600  # a log is replayed at some 100 MB a second and is kept under 5 MB; a deep look reads it all
)
MEMORY_LIMIT = "1GB"


def probe(path: Path, *, deep: bool) -> Verdict | None:
    """What is wrong with the file, found in a child process; None if nothing is."""
    command = [sys.executable, "-m", "sightline.stores.duckdb_probe", str(path), *(["deep"] if deep else [])]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=MAX_PROBE_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "broken"
    if child.returncode == 0:
        return None
    said = child.stdout.strip() if child.returncode == NOT_NOW else ""
    return next((found for found in NOT_ITS_FAULT if found == said), "broken")


def main(path: str, *, deep: bool) -> int:
    try:
        with duckdb.connect(path, config={"memory_limit": MEMORY_LIMIT}) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables if deep else []:
                connection.execute(f'SELECT bit_xor(hash(t)) FROM "{schema}"."{table}" t').fetchall()
    except duckdb.Error as exc:
        found = verdict(exc)
        sys.stdout.write(found)
        return NOT_NOW if found in NOT_ITS_FAULT else BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], deep="deep" in sys.argv[2:]))
