"""A served model under load: what it answers, how fast, and what it refuses. Knows no engine."""
