"""The demo: a real server, a drawn shop, its collection, searches. Knows Sightline from outside only."""
