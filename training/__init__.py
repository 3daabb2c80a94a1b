"""How the bundled model `mini` was made: run `python -m training.train --help`.

Not part of the installed package; knows nothing of the server.
"""
