"""The vectors of a collection by their codes: exact, whatever happens to rows and files."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sightline.domain.items import Change
from sightline.domain.vectors import l2_normalise
from sightline.stores.coded import CodedVectors
from sightline.stores.comparing import FEW, DamagedError

DIM = 48
ROWS = 3_000
SEGMENT = 400
NONE = np.array([], dtype=np.int64)


@pytest.fixture(scope="module")
def comparing():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def rows():
    """Around few centres, and some of them equal."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((20, DIM), dtype=np.float32)
    vectors = centres[rng.integers(20, size=ROWS)] + 0.3 * rng.standard_normal((ROWS, DIM), dtype=np.float32)
    vectors[100:140] = vectors[2_000:2_040]
    return l2_normalise(vectors)


@pytest.fixture
def coded(tmp_path, comparing, rows):
    coded = new(tmp_path, comparing)
    for start in range(0, ROWS, 250):
        coded.apply(upserts(rows[start : start + 250], start + 1), NONE)
    return coded


def new(folder, comparing):
    return CodedVectors(DIM, folder, comparing, segment_rows=SEGMENT)


def upserts(rows, first):
    return [Change(seq, f"i{seq}", row, {}) for seq, row in enumerate(rows, first)]


def names(seqs):
    return np.array([f"i{seq}" for seq in seqs], dtype=object)


def nearest(rows, query, k, seqs):
    """By plain arithmetic, among the rows of these seqs."""
    cosines = (rows[seqs - 1].astype(np.float64) * query.astype(np.float64)).sum(axis=1)
    ranked = sorted(zip(-cosines, names(seqs), strict=True))[:k]
    return [(name, -cosine) for cosine, name in ranked]


def found(coded, query, k, **options):
    return [(hit.item_id, hit.score) for hit in coded.nearest(query, k, **options)]


ALL = np.arange(1, ROWS + 1)


def test_scan_finds_what_arithmetic_finds(coded, rows):
    """More rows than are compared in full, in files and in memory, and ties among them."""
    for query in (rows[105], rows[7], l2_normalise(-rows[:1])[0]):
        for k in (1, 10, 700, ROWS, ROWS + 5):
            assert found(coded, query, k) == nearest(rows, query, k, ALL)
    assert found(coded, rows[7], 10, offset=5) == nearest(rows, rows[7], 15, ALL)[5:]


@pytest.mark.parametrize("step", [1, 2, 5, 100, 2_999])
def test_only_the_rows_asked_for_are_found(coded, rows, step):
    some = ALL[::step]
    assert found(coded, rows[7], 10, passing=coded.passing(some)) == nearest(rows, rows[7], 10, some)


def test_removed_and_replaced_rows_are_not_found(coded, rows):
    gone = ALL[(ALL % 3 == 0) | (ALL > 2_950)]
    coded.apply([Change(seq + ROWS, f"i{seq}", None, {}) for seq in gone.tolist()], gone)
    left = np.setdiff1d(ALL, gone)
    assert len(coded) == len(left)
    assert found(coded, rows[2], 10) == nearest(rows, rows[2], 10, left)


def test_search_works_on_the_rows_as_they_were(coded, rows):
    before = coded.passing(ALL)
    coded.apply([Change(9_000, "new", rows[7], {})], ALL)
    assert found(coded, rows[7], 3, passing=before) == nearest(rows, rows[7], 3, ALL)
    assert [name for name, _ in found(coded, rows[7], 3)] == ["new"]


def test_files_are_opened_again_and_tell_what_they_lack(coded, rows, tmp_path, comparing):
    left = ALL[ALL % 7 != 0]
    again = new(tmp_path, comparing)
    covered = again.open(coded.stamps(), names(left), left)
    assert covered == ROWS // SEGMENT * SEGMENT
    rest = left[left > covered]
    again.extend(names(rest), rest, rows[rest - 1])
    assert found(again, rows[5], 10) == nearest(rows, rows[5], 10, left)


def test_files_count_up_to_the_first_that_is_damaged(coded, tmp_path, comparing):
    third = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)[2]
    third.write_bytes(third.read_bytes()[:-1] + b"\xff")
    assert new(tmp_path, comparing).open(coded.stamps(), names(ALL), ALL) == 2 * SEGMENT


def test_file_that_lacks_a_row_does_not_count(coded, tmp_path, comparing):
    """As the table's row 401 that was removed when the file was written, and is there once more."""
    coded.apply([], np.array([401]))
    coded._sealed = tuple(
        part for part in coded._sealed if part.segment.seqs[0] != 401
    )  # as if it were another file's
    assert new(tmp_path, comparing).open(coded.stamps(), names(ALL), ALL) == SEGMENT


def test_vector_that_does_not_belong_to_its_code_is_told(coded, rows, tmp_path):
    for path in tmp_path.iterdir():
        with path.open("rb+") as file:
            file.write(bytes(SEGMENT * DIM * 4))  # under the mapping, as a failing disk might
    with pytest.raises(DamagedError):
        coded.nearest(rows[7], 10)


def test_compacted_files_hold_the_live_rows_and_the_others_go(coded, rows, tmp_path, comparing):
    gone = ALL[(ALL < 1_500) & (ALL % 4 != 0)]
    coded.apply([], gone)
    before = len(list(tmp_path.iterdir()))
    assert coded.compact()
    while coded.compact():
        pass
    coded.prune()
    left = np.setdiff1d(ALL, gone)
    assert len(list(tmp_path.iterdir())) < before
    assert found(coded, rows[2], 10) == nearest(rows, rows[2], 10, left)
    assert new(tmp_path, comparing).open(coded.stamps(), names(left), left) == ROWS // SEGMENT * SEGMENT
    assert not coded.compact()


def test_compacting_all_that_is_gone_leaves_nothing(coded, rows):
    coded.apply([], ALL)
    while coded.compact():
        pass
    assert (len(coded), coded.nearest(rows[0], 5)) == (0, [])


def test_disk_that_takes_no_file_costs_no_row(rows, tmp_path, comparing):
    (tmp_path / "file").touch()
    coded = new(tmp_path / "file" / "folder", comparing)  # no folder can be made there
    coded.apply(upserts(rows, 1), NONE)
    assert found(coded, rows[7], 10) == nearest(rows, rows[7], 10, ALL)
    assert new(tmp_path, comparing).open(coded.stamps(), names(ALL), ALL) == 0


def test_few_rows_need_no_scan(rows, tmp_path, comparing):
    coded = new(tmp_path, comparing)
    coded.apply(upserts(rows[:FEW], 1), NONE)
    assert found(coded, rows[7], 10) == nearest(rows, rows[7], 10, ALL[:FEW])


def test_many_clients_get_each_its_own_answer(coded, rows):
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: found(coded, rows[n], 5), range(200)))
    assert answers == [nearest(rows, rows[n], 5, ALL) for n in range(200)]
