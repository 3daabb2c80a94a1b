"""Bytes from outside to the pixels a model takes. Knows no model, no vectors, no server."""
