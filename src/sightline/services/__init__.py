"""Use cases. Know the ports of the domain, never a product."""
