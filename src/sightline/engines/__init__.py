"""Runtimes that run a graph, one file each. Know no checkpoint, no picture, no queue."""
