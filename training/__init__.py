"""How the bundled model `mini` was made: run `python -m training.train --help`.

Not part of the installed package; knows nothing of the server.
"""

from training.torchvision_beside_torch import make_torchvision_importable

make_torchvision_importable()  # here, before any module of this package imports transformers
