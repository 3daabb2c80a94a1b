"""The record: items, vectors and jobs in one database, changed together. Knows no store, no model."""
