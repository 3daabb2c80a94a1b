"""Tables of pictures: the three formats say the same, and a row that is wrong is wrong alone."""

import base64
import codecs
import contextlib
import csv
import json
import os
import string

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.domain.entries import Entry
from sightline.domain.errors import (
    BrokenRowError,
    EntryChangedError,
    EntryError,
    EntryGoneError,
    ImageBytesError,
    InputError,
    NotReadyError,
    SourceError,
    UrlFetchOffError,
)
from sightline.domain.items import checked_metadata
from sightline.sources.csv_rows import MAX_COLUMNS
from sightline.sources.options import Columns, SourceOptions
from sightline.sources.table import TableSource

FORMATS = ("csv", "tsv", "jsonl", "parquet")


def write(path, rows):
    """Rows as a table of the format that the path's name says; bytes become base64 where they must."""
    if path.suffix == ".parquet":
        lines = path.with_suffix(".lines.json")
        lines.write_text("\n".join(json.dumps(row, default=plain) for row in rows))
        names = ", ".join(
            f"from_base64({name}) AS {name}" if isinstance(value, bytes) else name
            for name, value in rows[0].items()
        )
        query = f"COPY (SELECT {names} FROM read_json('{lines}')) TO '{path}'"  # noqa: S608
        duckdb.connect().execute(query)
        lines.unlink()
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, default=plain) for row in rows), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writerow(rows[0])
            for row in rows:
                writer.writerow([cell(value) for value in row.values()])
    return path


def plain(value):
    return base64.b64encode(value).decode()


def cell(value):
    if isinstance(value, bytes):
        return plain(value)
    return json.dumps(value) if isinstance(value, list | bool) else value


def opened(path, **choice):
    return TableSource(str(path), SourceOptions(**choice))


@pytest.fixture
def shop(tmp_path):
    for name in ("a.jpg", "b.jpg", "in/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_products_pictures_and_types(shop, kind):
    names = ("sku", "title", "price", "sold", "image_1", "image_2")
    dress = ("A1", 'red, "long"\ndress', 49.9, True, "a.jpg", "in/c.jpg")
    rows = [
        dict(zip(names, values, strict=True)) for values in (dress, ("B2", "Täsch", 7, False, "b.jpg", None))
    ]
    source = opened(write(shop / f"t.{kind}", rows))
    found = [(entry.key, entry.metadata, source.read(entry)) for entry in source.scan()]
    first = {"product_id": "A1", "sku": "A1", "title": 'red, "long"\ndress', "price": 49.9, "sold": True}
    second = {"product_id": "B2", "sku": "B2", "title": "Täsch", "price": 7, "sold": False}
    assert found == [("A1//1", first, b"a.jpg"), ("A1//2", first, b"in/c.jpg"), ("B2//1", second, b"b.jpg")]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_list_in_one_column_is_several_pictures_of_one_product(shop, kind):
    path = write(shop / f"t.{kind}", [{"id": "x", "images": ["b.jpg", "a.jpg"]}, {"id": "y", "images": []}])
    source = opened(path)
    assert [(entry.key, source.read(entry)) for entry in source.scan()] == [
        ("x//1", b"b.jpg"),
        ("x//2", b"a.jpg"),
    ]
    assert source.left_out == {"rows without a picture": 1}


def test_bars_part_pictures_in_a_csv_cell(shop):
    (shop / "t.csv").write_text("id,images\nx,a.jpg | b.jpg\n")
    assert [opened(shop / "t.csv").read(entry) for entry in opened(shop / "t.csv").scan()] == [
        b"a.jpg",
        b"b.jpg",
    ]


def test_rows_of_one_id_are_pictures_of_one_product(shop):
    (shop / "t.csv").write_text("id,image\nx,a.jpg\ny,b.jpg\nx,in/c.jpg\n")
    assert [entry.key for entry in opened(shop / "t.csv").scan()] == ["x//1", "y//1", "x//2"]


def test_without_an_id_the_path_is_the_key(shop):
    (shop / "t.csv").write_text("file,label\nb.jpg,cup\na.jpg,dress\n")
    assert [(entry.key, entry.metadata) for entry in opened(shop / "t.csv").scan()] == [
        ("b.jpg//1", {"label": "cup"}),
        ("a.jpg//1", {"label": "dress"}),
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_in_a_column_are_read_again_by_another_instance(tmp_path, kind):
    pictures = [bytes([n]) * (n * 100 + 1) for n in range(40)]
    path = write(
        tmp_path / f"t.{kind}", [{"id": f"n{n}", "image_bytes": data} for n, data in enumerate(pictures)]
    )
    entries = list(opened(path).scan())
    assert [entry.size_bytes for entry in entries] == [len(data) for data in pictures]
    other = opened(path)
    for number in (0, 1, 39, 3, 3, 20):
        assert other.read(entries[number]) == pictures[number]


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_beyond_the_limit_fail_alone(tmp_path, kind):
    path = write(tmp_path / f"t.{kind}", [{"id": "l", "data": b"x" * 101}, {"id": "s", "data": b"x" * 100}])
    source = opened(path, max_image_bytes=100)
    large, small = source.scan()
    with pytest.raises(ImageBytesError, match="101 bytes"):
        source.read(large)
    assert len(source.read(small)) == 100


def test_a_struct_of_bytes_and_path_as_data_sets_have_it_is_a_picture(tmp_path):
    path = tmp_path / "train.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT {{'bytes': 'abc'::BLOB, 'path': 'x.jpg'}} AS image, 3 AS label) TO '{path}'"
    )
    [entry] = opened(path).scan()
    assert (opened(path).read(entry), entry.metadata, entry.key) == (b"abc", {"label": 3}, "//1")


def test_urls_are_entries_and_are_read_where_something_reads_them(shop):
    (shop / "t.csv").write_text("id,image_url\nx,https://shop.example/a.jpg|b.jpg\n")
    source = opened(shop / "t.csv", fetcher=Web({"https://shop.example/a.jpg": b"from the web"}))
    one, _ = source.scan()
    assert source.read(one) == b"from the web"
    assert opened(shop / "t.csv", fetcher=Web({"https://shop.example/a.jpg": b"x"})).read(one) == b"x"


class Web:
    """A Fetcher that knows some pictures by heart."""

    def __init__(self, pictures):
        self._pictures = pictures

    def read(self, url, *, within_s=None):
        return self._pictures[url]

    def refuse_port(self, port):
        raise AssertionError("a source does not listen")


def test_urls_are_entries_and_are_not_read_without_a_fetcher(shop):
    (shop / "t.csv").write_text("id,image_url\nx,https://shop.example/a.jpg\ny,HTTP://127.0.0.1/\n")
    source = opened(shop / "t.csv")
    entries = list(source.scan())
    assert [entry.uri for entry in entries] == ["https://shop.example/a.jpg", "HTTP://127.0.0.1/"]
    for entry in entries:
        with pytest.raises(UrlFetchOffError):
            source.read(entry)


@pytest.mark.parametrize(
    "path",
    ["../secret.jpg", "{outside}", "in/../../secret.jpg", "link.jpg", "nul\\u0000.jpg", "x" * 5000, "."],
)
def test_a_path_out_of_the_root_fails_alone(tmp_path, path):
    (tmp_path / "secret.jpg").write_bytes(b"canary")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.jpg").write_bytes(b"inside")
    (root / "link.jpg").symlink_to("../secret.jpg")
    path = path.replace("{outside}", str(tmp_path / "secret.jpg"))
    (root / "t.jsonl").write_text(
        f'{{"image": "{path}"}}\n{{"image": "./a.jpg"}}\n{{"image": "{root}/a.jpg"}}'
    )
    source = opened(root / "t.jsonl")
    bad, good, absolute = source.scan()
    with pytest.raises(EntryError):
        source.read(bad)
    assert bad.size_bytes is None
    assert source.read(good) == source.read(absolute) == b"inside"


def test_an_address_made_up_by_somebody_else_reads_nothing(shop):
    table = write(shop / "t.csv", [{"id": "x", "image": "a.jpg"}])
    for uri in (
        "a.jpg",
        "file:///etc/passwd",
        "/etc/passwd",
        "",
        f"file://{shop}/../x",
        "file:///etc/passwd#byte=0&column=x",
    ):
        with pytest.raises(EntryError):
            opened(table).read(Entry("x//1", uri))
    for place in ("byte=-1", "byte=99999", "byte=x", "row=0", ""):
        with pytest.raises(InputError):
            opened(table).read(Entry("x//1", f"file://{table}#{place}&column=image"))


def test_another_root_may_be_given(shop, tmp_path):
    (shop / "in/t.csv").write_text("image\na.jpg\n")
    [entry] = opened(shop / "in/t.csv", root=str(shop)).scan()
    assert opened(shop / "in/t.csv", root=str(shop)).read(entry) == b"a.jpg"
    [entry] = opened(shop / "in/t.csv").scan()
    with pytest.raises(EntryGoneError):
        opened(shop / "in/t.csv").read(entry)


def test_a_table_that_changed_since_the_scan_gives_no_bytes_of_another_row(tmp_path):
    path = write(tmp_path / "t.csv", [{"id": "x", "data": b"abc"}])
    [entry] = opened(path).scan()
    os.utime(path, ns=(1, 1))
    with pytest.raises(EntryChangedError):
        opened(path).read(entry)


def test_csv_ids_and_paths_stay_as_they_are_written(shop):
    (shop / "007").write_bytes(b"agent")
    (shop / "t.csv").write_text("id,image,size\n1e5,007,38\n2.50,007,S\n")
    first, second = opened(shop / "t.csv").scan()
    assert (first.key, second.key) == ("1e5//1", "2.50//1")
    assert [entry.metadata["size"] for entry in (first, second)] == ["38", "S"]
    assert opened(shop / "t.csv").read(first) == b"agent"


def test_csv_columns_have_the_type_of_all_their_cells(shop):
    (shop / "t.csv").write_text(
        "image,n,f,b,zip,empty\na.jpg,1,1.5,true,01234,\na.jpg,-2,3,False,99999,\na.jpg,,,,,\n"
    )
    assert [entry.metadata for entry in opened(shop / "t.csv").scan()] == [
        {"n": 1, "f": 1.5, "b": True, "zip": "01234"},
        {"n": -2, "f": 3, "b": False, "zip": "99999"},
        {},
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", b"id,image\nx,a.jpg,more\n"),
        ("t.csv", b"id,image\nx\n"),
        ("t.jsonl", b"not json\n"),
        ("t.jsonl", b"[1, 2]\n"),
        ("t.jsonl", b'{"image": "\xff"}\n'),
    ],
)
def test_a_wrong_row_is_an_entry_that_says_so_and_the_next_is_read(shop, name, text):
    good = b"y,b.jpg\n" if name.endswith("csv") else b'{"image": "b.jpg"}\n'
    (shop / name).write_bytes(text + good)
    source = opened(shop / name)
    bad, fine = source.scan()
    with pytest.raises(BrokenRowError, match=r"the row has|the line is"):
        source.read(bad)
    assert source.read(fine) == b"b.jpg"


def test_no_base64_is_told_of_that_row(tmp_path):
    (tmp_path / "t.csv").write_text("id,data\nx,$$$\n")
    [entry] = opened(tmp_path / "t.csv").scan()
    with pytest.raises(BrokenRowError, match="base64"):
        opened(tmp_path / "t.csv").read(entry)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "first line"),
        ("t.csv", b"a,a\n1,2\n", "first line"),
        ("t.csv", b"colour,size\nred,3\n", "'colour', 'size'"),
        ("t.csv", b"\xff\xfe\0\0i\0\0\0", "UTF-32"),
        ("t.csv", b"id,image\r1,a.jpg\r2,b.jpg\r", "end in LF or CR LF, not in CR alone"),
        (
            "t.csv",
            b"image," + b"," * MAX_COLUMNS,
            f"has {MAX_COLUMNS + 2} columns; {MAX_COLUMNS} are the limit",
        ),
        ("t.csv", "id,image\n1,a.jpg\n".encode("utf-16-le"), "say --encoding utf-16, over"),
        ("t.jsonl", '{"image": "a.jpg"}\n'.encode("utf-16-be"), "say --encoding utf-16-be, over"),
        ("t.parquet", b"PAR1 not really", "Parquet"),
        ("t.xls", b"", "must end in"),
        ("folder.csv", None, "no table"),
    ],
)
def test_a_table_of_no_use_is_told_at_once(tmp_path, name, content, says):
    if content is None:
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says):
        opened(tmp_path / name)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_pipe_is_no_table(tmp_path, kind):
    os.mkfifo(tmp_path / f"t.{kind}")
    with pytest.raises(SourceError, match="no table"):
        opened(tmp_path / f"t.{kind}")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_column_that_is_not_there_is_named_with_those_that_are(shop, kind):
    path = write(shop / f"t.{kind}", [{"id": "x", "image": "a.jpg"}])
    with pytest.raises(SourceError, match="'foto'; it has 'id', 'image'"):
        opened(path, columns=Columns(pictures=["foto"]))


@pytest.mark.parametrize("name", ["a[1]*?.parquet", "it's.parquet", "x.jpg;y.parquet"])
def test_a_parquet_file_of_any_name_is_read_and_no_other(tmp_path, name):
    (tmp_path / "a1b.parquet").write_bytes(b"another")
    made = write(tmp_path / "plain.parquet", [{"id": "x", "data": b"abc"}])
    made.rename(tmp_path / name)
    source = opened(tmp_path / name)
    assert [source.read(entry) for entry in source.scan()] == [b"abc"]


def test_the_database_that_reads_parquet_can_open_nothing_else(tmp_path):
    source = opened(write(tmp_path / "t.parquet", [{"id": "x", "data": b"abc"}]))
    for statement in ("SELECT * FROM read_text('/etc/passwd')", "SET enable_external_access = true"):
        with pytest.raises(duckdb.Error):
            source._rows._database.execute(statement)


def test_file_names_that_are_not_utf8_are_read_from_csv(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"coffee")
    (tmp_path / "t.csv").write_bytes(b"image\ncaf\xe9.jpg\n")
    [entry] = opened(tmp_path / "t.csv").scan()
    (entry.key + entry.uri).encode()
    assert opened(tmp_path / "t.csv").read(entry) == b"coffee"


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
cells = st.one_of(words, st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none())
values = st.recursive(
    cells, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=8))
def test_any_text_in_csv_comes_back_as_it_was(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("image", "id", "title"), *(("a.jpg", *row) for row in rows)]
        )
    found = list(opened(folder / "t.csv", columns=Columns(metadata=["id"], pictures=["image"])).scan())
    assert [entry.metadata.get("id", "") for entry in found] == [name for name, _ in rows]
    titles = [entry.metadata.get("title") for entry in opened(folder / "t.csv").scan()]
    for title, (_, written) in zip(titles, rows, strict=True):
        assert title == (written or None) or not isinstance(title, str)
    assert len({entry.key for entry in found}) == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["id", "image", "price", "more"]), values), max_size=6))
def test_any_json_scans_to_storable_entries_and_reads_to_bytes_or_a_refusal(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("json")
    rows = [{"image": "a.jpg"}, *rows]
    (folder / "a.jpg").write_bytes(b"a")
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    source = opened(folder / "t.jsonl")
    entries = list(source.scan())
    assert len({entry.key for entry in entries}) == len(entries)
    for entry in entries:
        checked_metadata(entry.metadata)
        (entry.key + entry.uri).encode()
        with contextlib.suppress(InputError):
            assert source.read(entry) == b"a"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(FORMATS))
def test_no_bytes_whatever_make_a_table_fail_in_other_words_than_ours(tmp_path_factory, content, kind):
    folder = tmp_path_factory.mktemp("raw")
    head = {"csv": b"id,image\n", "tsv": b"id\timage\n", "jsonl": b'{"image": "a.jpg"}\n', "parquet": b"PAR1"}
    (folder / f"t.{kind}").write_bytes(head[kind] + content)
    try:
        source = opened(folder / f"t.{kind}")
        for entry in source.scan():
            assert set(entry.key) & set(string.printable + entry.key)
            source.read(entry)
    except InputError:
        pass


PRICES = "id,image,price\n1,a.jpg,49.9\n2,b.jpg,n/a\n3,in/c.jpg,7\n"


def test_a_column_that_few_cells_make_text_is_told_with_their_rows(shop):
    (shop / "t.csv").write_text(PRICES)
    source = opened(shop / "t.csv")
    assert [entry.metadata["price"] for entry in source.scan()] == ["49.9", "n/a", "7"]
    [remark] = source.remarks
    assert "column 'price' is text, for 1 of 3 cells are not numbers, as 'n/a' in row 3;" in remark
    assert "--column price:number" in remark


def test_a_column_of_text_with_some_numbers_is_no_matter(shop):
    rows = "".join(f"{n},a.jpg,{n if n % 3 else 'M'},{'x' * (n > 1)}\n" for n in range(100))
    (shop / "t.csv").write_text(f"id,image,title,size\n{rows}".replace(",x\n", ",XL\n"))
    source = opened(shop / "t.csv")
    assert len(list(source.scan())) == 100
    assert [remark.partition(" is ")[0] for remark in source.remarks] == ["column 'title'"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_odd_cells_of_a_column_whose_type_was_said_are_left_out_and_told(shop, kind):
    rows = [{"id": n, "image": "a.jpg", "price": price} for n, price in enumerate((7, "n/a", None, "007"))]
    source = opened(write(shop / f"t.{kind}", rows), columns=Columns(types={"price": "number"}))
    assert [entry.metadata.get("price") for entry in source.scan()] == [7, None, None, 7]
    first = 2 if kind == "csv" else 1
    assert source.remarks == [
        f"of column 'price', 1 of 3 cells are not numbers, as 'n/a' in row {first + 1}; they are left out"
    ]


def test_numbers_may_be_kept_as_text_and_words_as_truths(shop):
    (shop / "t.csv").write_text("id,image,code,sold\n1,a.jpg,7,TRUE\n2,b.jpg,8,maybe\n")
    source = opened(shop / "t.csv", columns=Columns(types={"code": "text", "sold": "boolean"}))
    assert [entry.metadata for entry in source.scan()] == [
        {"product_id": "1", "id": "1", "code": "7", "sold": True},
        {"product_id": "2", "id": "2", "code": "8"},
    ]


def test_a_type_that_is_none_or_of_no_column_is_refused(shop):
    (shop / "t.csv").write_text(PRICES)
    for types, says in (({"price": "money"}, "'money' is no type"), ({"cost": "number"}, "no column 'cost'")):
        with pytest.raises(SourceError, match=says):
            opened(shop / "t.csv", columns=Columns(types=types))


GREEN = "id,image,title\n1,a.jpg,plain\n2,b.jpg,grün ਊ\n"  # its last letter has a line feed's byte in UTF-16


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_a_byte_order_mark_says_how_a_table_is_encoded(shop, encoding):
    mark = {"utf-16-be": codecs.BOM_UTF16_BE, "utf-16-le": codecs.BOM_UTF16_LE}.get(encoding, b"")
    (shop / "t.csv").write_bytes(mark + GREEN.encode(encoding))
    assert [entry.metadata["title"] for entry in opened(shop / "t.csv").scan()] == ["plain", "grün ਊ"]
    line = json.dumps({"image": "a.jpg", "title": "grün ਊ"}, ensure_ascii=False) + "\n"
    (shop / "t.jsonl").write_bytes(mark + (line * 2).encode(encoding))
    assert [entry.metadata["title"] for entry in opened(shop / "t.jsonl").scan()] == ["grün ਊ"] * 2


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-be", "shift_jis"])
def test_bytes_in_a_table_of_another_encoding_are_found_again(tmp_path, encoding):
    word = "ソ表" if encoding == "shift_jis" else "grün"  # the second bytes of both are a backslash
    text = "".join(f"{n},{word},{plain(bytes([n]) * 9)}\n" for n in range(3))
    (tmp_path / "t.csv").write_bytes(f"id,title,image_bytes\n{text}".encode(encoding))
    first, second = (opened(tmp_path / "t.csv", encoding=encoding) for _ in range(2))
    entries = list(first.scan())
    assert [entry.metadata["title"] for entry in entries] == [word] * 3
    assert [second.read(entry) for entry in entries] == [bytes([n]) * 9 for n in range(3)]


def test_a_table_that_is_not_utf8_is_refused_with_the_row_and_what_to_do(shop):
    (shop / "t.csv").write_bytes(GREEN.replace(" ਊ", "").encode("cp1252"))
    with pytest.raises(SourceError, match=r"row 3 .* 0xFC in column 'title', .* --encoding cp1252"):
        list(opened(shop / "t.csv").scan())
    with pytest.raises(SourceError, match=r"row 3 of the table has the byte 0xFC where utf-8 has none"):
        list(opened(shop / "t.csv", encoding="utf-8").scan())
    assert len(list(opened(shop / "t.csv", encoding="latin-1").scan())) == 2
    (shop / "t.csv").write_bytes("id,image,größe\n1,a.jpg,7\n".encode("cp1252"))
    with pytest.raises(SourceError, match="row 1 of the table has the byte 0xF6"):
        opened(shop / "t.csv")


NO_ENCODINGS = ("klingon", "utf-7", "utf-32", "cp037", "base64", "rot13", "zlib", "idna", "unicode_escape")


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("said", [*NO_ENCODINGS, "raw_unicode_escape", "charmap", "\0", "", "a" * 100_000])
def test_an_encoding_that_no_line_can_be_read_in_is_refused(shop, said, mark):
    (shop / "t.csv").write_bytes(mark + PRICES.encode())
    with pytest.raises(SourceError, match="is no encoding that tables are read in"):
        opened(shop / "t.csv", encoding=said)


@pytest.mark.timeout(5)  # the square of the columns took 9 s
def test_a_table_of_many_columns_is_read_in_time(shop):
    names = [f"c{number}" for number in range(MAX_COLUMNS - 1)]
    rows = f"{','.join(['image', *names])}\n" + f"a.jpg{',1.5' * len(names)}\n" * 2
    (shop / "t.csv").write_text(rows)
    entries = list(opened(shop / "t.csv").scan())
    assert [entry.metadata["c7"] for entry in entries] == [1.5] * 2


class Patience:
    """A look that goes along for so many rows."""

    def __init__(self, rows):
        self.left = rows

    def __call__(self):
        self.left -= 1
        if self.left < 0:
            raise NotReadyError("the server is shutting down")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_scan_is_broken_off_at_a_row_before_its_first_picture_too(shop, kind):
    write(shop / f"t.{kind}", [{"id": number, "image": ""} for number in range(9)])
    source = opened(shop / f"t.{kind}", columns=Columns(pictures=("image",)))
    with pytest.raises(NotReadyError):
        list(source.scan(Patience(3)))
    assert list(source.scan(Patience(2 * 9))) == []  # CSV is read twice: for its types, and for its rows
