"""Keeps decoders of C from writing to standard error. Does not know files, pixels or the log."""

import ctypes

from PIL import _imaging


def silence_libtiff() -> None:
    """Let libtiff say nothing, in the whole process: its lines would stand between those of the log.

    Whatever it complains of reaches us as an error of Pillow's too. Pillow offers no way to silence it, so
    the library that its own was linked with is asked; where that cannot be found, nothing changes.
    """
    try:
        library = ctypes.CDLL(_imaging.__file__)
        handlers = (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler)
    except (AttributeError, OSError):
        return
    for set_handler in handlers:
        set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        set_handler(None)
