"""Maps of collections: drawn by jobs, kept, named, shown. Knows ports, no product and no protocol."""
