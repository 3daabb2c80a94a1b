"""Writes messages in the Protocol Buffers wire format. Knows no schema: fields are numbers.

Source: https://protobuf.dev/programming-guides/encoding/. Only what ONNX needs, and only writing.
"""

import struct
from collections.abc import Iterable

Value = int | float | str | bytes
Field = tuple[int, Value]

VARINT, LENGTH_DELIMITED, FIXED32 = 0, 2, 5


def message(*fields: Field) -> bytes:
    """A message of (field number, value); a repeated field is given repeatedly.

    int becomes a varint, float a 32-bit float, str and bytes (a nested message, too) a length and the bytes.
    """
    return b"".join(_field(number, value) for number, value in fields)


def each(number: int, values: Iterable[Value]) -> list[Field]:
    """A repeated field."""
    return [(number, value) for value in values]


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, float):
        return _varint(number << 3 | FIXED32) + struct.pack("<f", value)
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value % 2**64)  # negative: two's complement of 64 bits
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | LENGTH_DELIMITED) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
