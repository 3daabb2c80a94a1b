"""Taking pictures in, and searching meanwhile, beside what the engine alone can do. Knows no route."""
