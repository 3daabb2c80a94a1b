"""A segment's file: whole or not at all, and only the one that was stamped."""

from dataclasses import replace

import numpy as np
import pytest

from sightline.domain.vectors import l2_normalise
from sightline.stores.codes import Coder
from sightline.stores.segment import Segment, joined, open_segment, write_segment

DIM = 16


def segment(rows=50, first=1):
    vectors = l2_normalise(np.random.default_rng(first).standard_normal((rows, DIM), dtype=np.float32))
    return Segment(np.arange(first, first + rows), vectors, Coder(DIM).encode(vectors))


def same(one, other):
    return all(
        (mine == theirs).all()
        for mine, theirs in [
            (one.seqs, other.seqs),
            (one.vectors, other.vectors),
            (one.codes.steps, other.codes.steps),
            (one.codes.scales, other.codes.scales),
            (one.codes.slacks, other.codes.slacks),
        ]
    )


def test_written_segment_is_read_again(tmp_path):
    written = segment()
    stamp = write_segment(tmp_path / "new", written)
    assert same(open_segment(tmp_path / "new", stamp, DIM), written)
    assert (stamp.rows, stamp.last) == (50, 50)


def test_nothing_unfinished_stays_behind(tmp_path):
    stamp = write_segment(tmp_path, segment())
    assert [path.name for path in tmp_path.iterdir()] == [stamp.name]


@pytest.mark.parametrize("place", [50 * DIM * 4, 50 * DIM * 4 + 500, -1])
def test_file_whose_codes_changed_is_not_opened(tmp_path, place):
    stamp = write_segment(tmp_path, segment())
    data = bytearray((tmp_path / stamp.name).read_bytes())
    data[place] ^= 1
    (tmp_path / stamp.name).write_bytes(data)
    assert open_segment(tmp_path, stamp, DIM) is None


def test_file_that_is_gone_cut_off_or_anothers_is_not_opened(tmp_path):
    stamp, other = write_segment(tmp_path, segment()), write_segment(tmp_path, segment(first=90))
    assert open_segment(tmp_path, replace(stamp, name="none.segment"), DIM) is None
    assert open_segment(tmp_path, replace(stamp, name=other.name), DIM) is None
    path = tmp_path / stamp.name
    path.write_bytes(path.read_bytes()[:-1])
    assert open_segment(tmp_path, stamp, DIM) is None


def test_segments_are_joined_in_their_order():
    whole = segment()
    assert same(joined([whole[:20], whole[20:]]), whole)
