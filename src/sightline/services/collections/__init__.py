"""Use cases over collections: filling them, searching them, copying them out. Know ports, never a product."""
