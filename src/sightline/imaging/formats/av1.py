"""How large the frames of a piece of AV1 are, by their headers. Does not know where the piece came from.

Source: AV1 Bitstream & Decoding Process Specification, 5.3 (units), 5.5 (sequence), 5.9.2 (frame header).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sightline.domain.errors import BrokenImageError
from sightline.imaging.formats.essence import cut_short

Size = tuple[int, int]

_SEQUENCE = 1
_FRAMES = {3, 6, 7}  # a frame's header alone, with its tiles, or once more
# The longest sequence header has 32 operating points of 89 bits; of a frame's, only the first bytes are read.
_MAX_HEADER_BYTES = 512
# Over all pictures of a file. A picture has two or three; one more for each group of tiles, 4096 at most.
_MAX_UNITS = 50_000
_HAS_LAYER, _HAS_LENGTH = 4, 2  # in a unit's first byte
_KEY, _SWITCH = 0, 3
_ANY = 2  # SELECT_SCREEN_CONTENT_TOOLS, SELECT_INTEGER_MV: each frame says for itself


class FrameReader:
    """Reads the frames of one file's pictures, and counts: whoever asks too often is reading a flood."""

    def __init__(self) -> None:
        self._left = _MAX_UNITS

    def sizes(self, data: memoryview) -> list[Size]:
        """(width, height) of every frame of a picture that a decoder would make room for, in order.

        A frame that overrides the size of its sequence counts as the largest that the sequence has bits for.
        Raises BrokenImageError: a unit is cut off, a frame comes before its sequence, or units are too many.
        """
        sequence: _Sequence | None = None
        sizes = []
        for kind, body in self._units(data):
            if kind == _SEQUENCE:
                sequence = _sequence(_Bits(body))
            elif kind in _FRAMES:
                if sequence is None:
                    raise BrokenImageError(
                        "The AVIF has a frame of unknown size: save it again and send that."
                    )
                sizes += _size_of_frame(_Bits(body), sequence)
        return sizes

    def _units(self, data: memoryview) -> Iterator[tuple[int, memoryview]]:
        """(type, body) of every OBU; no more of a body than a header may have."""
        at = 0
        while at < len(data):
            if not self._left:
                raise BrokenImageError(f"The AVIF has more than {_MAX_UNITS} units: save it again.")
            self._left -= 1
            head = data[at]
            at += 2 if head & _HAS_LAYER else 1
            end = len(data)
            if head & _HAS_LENGTH:
                length, at = _leb128(data, at)
                end = at + length
            if end > len(data):
                raise cut_short("AVIF", "the end of a frame")
            yield head >> 3 & 15, data[at : min(end, at + _MAX_HEADER_BYTES)]
            at = end


def _leb128(data: memoryview, at: int) -> tuple[int, int]:
    """(value, where it ends): seven bits per byte, the lowest first, at most eight bytes."""
    value = 0
    for index, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, at + index + 1
    raise cut_short("AVIF", "the length of one of its units")


class _Bits:
    """Numbers of any width, the highest bit first."""

    def __init__(self, data: memoryview) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise cut_short("AVIF", "the end of a header")
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        return self.take(1) == 1

    def skip_uvlc(self) -> None:
        zeros = 0
        while not self.flag():
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


@dataclass(frozen=True, slots=True)
class _Sequence:
    size: Size
    largest: Size  # that a frame could name instead
    is_reduced: bool  # a still picture's short header: its frames cannot name any
    time_bits: int = 0
    id_bits: int = 0
    screen_content: int = _ANY
    integer_motion: int = _ANY


def _sequence(bits: _Bits) -> _Sequence:
    bits.take(3 + 1)  # profile, still picture
    is_reduced = bits.flag()
    time_bits = 0
    if is_reduced:
        bits.take(5)  # level
    else:
        time_bits = _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    size = (bits.take(width_bits) + 1, bits.take(height_bits) + 1)
    largest = (1 << width_bits, 1 << height_bits)
    if is_reduced:
        return _Sequence(size, largest, is_reduced)
    id_bits = bits.take(4) + bits.take(3) + 3 if bits.flag() else 0
    bits.take(3 + 4)  # block size and two filters; four ways to predict
    if bits.flag():  # frames have an order
        bits.take(2)
    screen_content = _ANY if bits.flag() else bits.take(1)
    integer_motion = _ANY
    if screen_content and not bits.flag():
        integer_motion = bits.take(1)
    return _Sequence(size, largest, is_reduced, time_bits, id_bits, screen_content, integer_motion)


def _skip_operating_points(bits: _Bits) -> int:
    """Past timing, decoder model and operating points; the bits in which a frame tells when it is shown."""
    delay_bits = time_bits = 0
    if bits.flag():
        bits.take(32 + 32)  # units per tick, ticks per second
        is_equal_interval = bits.flag()
        if is_equal_interval:
            bits.skip_uvlc()
        if bits.flag():
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5)  # units per decoding tick, bits of a removal time
            shown_bits = bits.take(5) + 1
            time_bits = 0 if is_equal_interval else shown_bits
    has_display_delay = bits.flag()
    for _ in range(bits.take(5) + 1):
        bits.take(12)  # which layers
        if bits.take(5) > 7:  # from level 4.0 on there are two tiers
            bits.take(1)
        if delay_bits and bits.flag():
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.flag():
            bits.take(4)
    return time_bits


def _size_of_frame(bits: _Bits, sequence: _Sequence) -> list[Size]:
    """One size, or none where the frame only shows an earlier one again."""
    if sequence.is_reduced:
        return [sequence.size]
    if bits.flag():
        return []
    kind, is_shown = bits.take(2), bits.flag()
    if is_shown:
        bits.take(sequence.time_bits)
    else:
        bits.take(1)  # may be shown later
    if not (kind == _SWITCH or (kind == _KEY and is_shown)):
        bits.take(1)  # resilient to errors
    bits.take(1)  # probabilities stay
    has_screen_content = bits.flag() if sequence.screen_content == _ANY else sequence.screen_content
    if has_screen_content and sequence.integer_motion == _ANY:
        bits.take(1)
    bits.take(sequence.id_bits)
    overrides = kind == _SWITCH or bits.flag()
    return [sequence.largest if overrides else sequence.size]
