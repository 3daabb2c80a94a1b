"""The demo: a real server, drawn pictures, vectors over HTTP, a search. Knows Sightline from outside only."""
