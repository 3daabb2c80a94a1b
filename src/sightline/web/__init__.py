"""Sightline over HTTP: routes, their shapes, errors to statuses. Computes nothing itself."""
