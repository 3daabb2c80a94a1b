"""Joins the parts: the only place that knows all of them. Computes nothing.

models: checkpoint, graph, engine, service. library: record, store, sources, and the work done with them.
places: where record and store are.
"""

from sightline.bootstrap.models import (
    DEVICES,
    LoadOptions,
    build,
    hub_of,
    load_as,
    load_model,
    load_options,
    make_engine,
    make_fetcher,
)

__all__ = [
    "DEVICES",
    "LoadOptions",
    "build",
    "hub_of",
    "load_as",
    "load_model",
    "load_options",
    "make_engine",
    "make_fetcher",
]
