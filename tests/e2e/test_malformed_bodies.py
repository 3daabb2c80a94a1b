"""Bodies that no decent client sends: each is the caller's fault, told in one shape, and none gets a 5xx."""

import time
from collections.abc import Iterator

import orjson
import pytest

from sightline.imaging.limits import Limits
from tests.e2e.serving import Running, running
from tests.e2e.test_limits import refused
from tests.fakes import fake_model, png

CAP = 100_000


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    limits = Limits(max_image_bytes=CAP - 1000)
    chosen = {"max_request_bytes": CAP, "max_image_bytes": CAP - 1000}
    with running(lambda name: fake_model(name, limits=limits), **chosen) as made:
        yield made


@pytest.mark.parametrize(
    "path", ["/v1/embeddings", "/embed/text", "/embed/text/batch", "/api/ai/embed", "/embed/image"]
)
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b'{"input": NaN}', "application/json", 400),
        (b'{"text": "\xff\xfe"}', "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'{"input":' + b"[" * 90_000, "application/json", 400),
        (b'{"input":' + b"[" * 40_000 + b"]" * 40_000 + b"}", "application/json", 400),
        (b"text=a", "application/x-www-form-urlencoded", 415),
        (b"<a/>", "text/xml", 415),
        (b"{}", "", 415),
        (b"{}", "\xff; charset=\xff", 415),
    ],
)
def test_malformed_json_is_the_callers_fault(
    server: Running, path: str, content: bytes, kind: str, status: int
) -> None:
    answer = server.client.post(path, content=content, headers={"content-type": kind.encode("latin-1")})
    refused(answer, status, "invalid_request" if status == 400 else "unsupported_media_type")


def test_a_million_json_values_are_refused_unparsed() -> None:
    with running() as server:
        started = time.monotonic()
        body = orjson.dumps({"input": [0] * 5_000_000})
        kind = {"content-type": "application/json"}
        answer = server.client.post("/v1/embeddings", content=body, headers=kind)
        refused(answer, 400, "invalid_request")
        assert "262144 values" in answer.text
        assert time.monotonic() - started < 5


def form(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'content-disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
FIELD = b'content-disposition: form-data; name="other"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(FILE + png()), "multipart/form-data"),
        (form(FILE + png()), "multipart/form-data; boundary="),
        (form(FILE + png()), "multipart/form-data; boundary=other"),
        (form(FILE + png()), f"multipart/form-data; boundary={'b' * 300}"),
        (form(FILE + png()), "multipart/form-data; boundary=B; boundary=C"),
        (form(FILE + png(), end=b""), "multipart/form-data; boundary=B"),
        (form(FILE + png())[:1000], "multipart/form-data; boundary=B"),
        (form(FIELD + b"a"), "multipart/form-data; boundary=B"),
        (form(FILE + png(), FILE + png()), "multipart/form-data; boundary=B"),
        (form(*[FIELD + b"a"] * 20, FILE + png()), "multipart/form-data; boundary=B"),
        (form(*[FIELD] * 1000), "multipart/form-data; boundary=B"),
        (form(b"\r\n" + png()), "multipart/form-data; boundary=B"),
        (form(b"no header at all"), "multipart/form-data; boundary=B"),
        (form(b"x: " + b"y" * 50_000 + b"\r\n" + FILE + png()), "multipart/form-data; boundary=B"),
        (b"preamble " * 5000 + form(FILE + png()), "multipart/form-data; boundary=B"),
        (b"", "multipart/form-data; boundary=B"),
        (b"\x00" * 5000, "multipart/form-data; boundary=B"),
    ],
)
def test_malformed_forms_are_the_callers_fault(server: Running, body: bytes, kind: str) -> None:
    answer = server.client.post("/embed-image", content=body, headers={"content-type": kind})
    refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 400, "empty_image"),
        (b"not a picture", 415, "unsupported_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_format"),
        (png()[:500], 400, "broken_image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 400, "broken_image"),
        (bytes(CAP - 900), 413, "image_too_many_bytes"),
    ],
)
def test_bad_pictures_are_refused_alike_on_every_way_in(
    server: Running, picture: bytes, status: int, code: str
) -> None:
    refused(server.client.post("/embed-image", files={"file": picture}), status, code)
    raw = {"content-type": "application/octet-stream"}
    refused(server.client.post("/embed/image", content=picture, headers=raw), status, code)


def test_a_picture_of_one_pixel_is_served(server: Running) -> None:
    assert server.client.post("/embed-image", files={"file": png(0, (1, 1))}).status_code == 200
