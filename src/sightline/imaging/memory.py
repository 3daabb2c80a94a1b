"""Has memory of large pictures given back to the system. Does not know pictures, or who reads them."""

import ctypes

# Left to itself, glibc raises this with what is freed, up to 32 MiB: then Pillow's blocks of 16 MiB come from
# heaps of the threads, and four that have read large pictures keep 1.5 GB. Less would slow down small ones.
_MAPPED_FROM_BYTES = 8 * 1024 * 1024
_M_MMAP_THRESHOLD = -3


def give_back_large_blocks() -> None:
    """Let the C library return every block of 8 MiB or more once it is free, in the whole process.

    Where it is not glibc, nothing changes.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; Windows, which has no process to ask
        return
    set_option.argtypes, set_option.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    set_option(_M_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)
