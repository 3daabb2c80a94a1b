"""A gzip file read at any place, within bounds. Does not know what is packed in it.

Unpacking has to begin at the start, but its state can be copied, some 40 kB. A copy is kept every so often,
and going back begins at the last copy before the place.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from sightline.domain.errors import SourceError

MAX_RATIO = 200  # unpacked over packed. Pictures hardly shrink; only a bomb comes near deflate's 1,032
FREE_BYTES = 64 << 20  # for which the ratio does not count
MARK_EVERY_BYTES = 32 << 20  # what going back costs at most, 0.1 s; the copies for 10 GB take 13 MB
_PIECE_BYTES = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


@dataclass
class _Unpacking:
    """How far unpacking has come. at: bytes unpacked. begun: in the middle of a gzip member."""

    at: int = 0
    packed_at: int = 0
    pending: bytes = b""
    begun: bool = False
    inflate: Any = None  # zlib's decompressobj, whose type has no public name

    def copy(self) -> "_Unpacking":
        return replace(self, inflate=self.inflate and self.inflate.copy())


class Gunzipped:
    """The unpacked contents of an open file. One thread at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._wanted = 0
        self._marks = [_Unpacking()]
        self._state = _Unpacking()
        self._piece = b""  # what was unpacked last: it ends at the state's place

    def seek(self, offset: int, /) -> object:
        self._wanted = offset
        return offset

    def read(self, count: int, /) -> bytes:
        """At most count bytes; fewer at the end. Raises SourceError: damaged, cut short, or a bomb."""
        parts = []
        while count > 0 and self._reach(self._wanted):
            start = self._wanted - (self._state.at - len(self._piece))
            part = self._piece[start : start + count]
            parts.append(part)
            count -= len(part)
            self._wanted += len(part)
        return b"".join(parts)

    def _reach(self, offset: int) -> bool:
        """Unpack until the piece has the byte at the offset; False if the end comes first."""
        if offset < self._state.at - len(self._piece):
            mark = next(mark for mark in reversed(self._marks) if mark.at <= offset)
            self._state, self._piece = mark.copy(), b""
        while offset >= self._state.at:
            if self._state.at >= self._marks[-1].at + MARK_EVERY_BYTES:
                self._marks.append(self._state.copy())
            self._piece = self._next_piece()
            if not self._piece:
                return False
            self._state.at += len(self._piece)
            if self._state.at > FREE_BYTES + MAX_RATIO * self._state.packed_at:
                raise SourceError(
                    f"the archive unpacks to more than {MAX_RATIO} times its size; it is not read"
                )
        return True

    def _next_piece(self) -> bytes:
        """Empty at the end."""
        state = self._state
        while True:
            packed = state.pending or self._packed()
            if not packed and not state.begun:
                return b""
            piece = self._inflated(packed)
            if piece:
                return piece
            if not packed and state.begun:
                raise SourceError("the archive's gzip data is cut short; copy it anew")

    def _inflated(self, packed: bytes) -> bytes:
        state = self._state
        if not state.begun:  # gzip members may follow one another, and zeros may fill up the last block
            packed = packed.lstrip(b"\0")
            state.inflate = zlib.decompressobj(_GZIP)
        try:
            piece: bytes = state.inflate.decompress(packed, _PIECE_BYTES)
        except zlib.error as exc:
            raise SourceError("the archive's gzip data is damaged; copy it anew") from exc
        state.begun = (state.begun or bool(packed)) and not state.inflate.eof
        state.pending = state.inflate.unused_data if state.inflate.eof else state.inflate.unconsumed_tail
        return piece

    def _packed(self) -> bytes:
        self._file.seek(self._state.packed_at)
        packed = self._file.read(_PIECE_BYTES)
        self._state.packed_at += len(packed)
        return packed
