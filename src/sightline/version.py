"""The version, once. Knows nothing else."""

VERSION = "0.1.0"
