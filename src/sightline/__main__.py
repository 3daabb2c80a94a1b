"""`python -m sightline`: the command line. Knows nothing more."""

from sightline.cli import main

main()
