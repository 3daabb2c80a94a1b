"""One module per format: is the file whole, and what of it does its first picture need. Knows no pixels."""
