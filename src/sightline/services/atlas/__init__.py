"""Maps of collections: drawn, followed, seen. Do not know HTTP, or any database."""
