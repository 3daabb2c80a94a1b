"""Which URLs lead to a connection: every spelling, every kind of address, whatever else is allowed."""

import threading
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from sightline.domain.errors import SettingsError
from sightline.sources.addresses import Address, parsed_address, reach
from sightline.sources.allowlist import Entry, Neighbour, neighbours
from sightline.sources.guard import Guard, World, is_ours
from sightline.sources.resolving import SystemResolver
from sightline.sources.urls import RefusedUrlError, WebAddress
from tests.vectors import Vector, addresses_of, vectors

VECTORS = vectors()


def look_up(host: str, _: float) -> Sequence[Address]:
    found = addresses_of(host)
    if found is None:
        raise RefusedUrlError("no such name")
    return [ip_address(address) for address in found]


WORLD = World(resolve=look_up, is_ours=lambda address: address.is_loopback)


def admitted(guard: Guard, url: str) -> Sequence[Address]:
    where = WebAddress.parse(url)
    return guard.admit(where.host, where.port, within_s=1)


def allowing(*entries: str, databases: Sequence[str] = ()) -> Guard:
    return Guard(
        "allowlist",
        allowed=[Entry.parse(entry) for entry in entries],
        neighbours=[one for database in databases for one in neighbours(database)],
        world=WORLD,
    )


@pytest.mark.parametrize("vector", VECTORS, ids=[ascii(vector.url) for vector in VECTORS])
def test_every_url_is_judged_as_the_vectors_say(vector: Vector) -> None:
    url, guard = vector.at(9000), Guard("public", world=WORLD)
    if vector.verdict == "spelled":
        with pytest.raises(RefusedUrlError):
            WebAddress.parse(url)
    elif vector.verdict == "inside":
        where = WebAddress.parse(url)
        with pytest.raises(RefusedUrlError):
            guard.admit(where.host, where.port, within_s=1)
    else:
        assert admitted(guard, url)


def test_the_vectors_are_of_every_kind() -> None:
    kinds = [vector.verdict for vector in VECTORS]
    assert {kind: kinds.count(kind) > 25 for kind in kinds} == dict.fromkeys(
        ("inside", "spelled", "public"), True
    )
    assert len(set(VECTORS)) == len(VECTORS)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("HTTP://SHOP.TEST.:80/a?b#c", "http://shop.test/a?b"),
        ("https://shop.test:443", "https://shop.test/"),
        ("https://shop.test:80", "https://shop.test:80/"),
        ("http://shop.test?x", "http://shop.test/?x"),
        ("http://shop.test/größe 1.jpg".replace(" ", "%20"), "http://shop.test/gr%C3%B6%C3%9Fe%201.jpg"),
        ("http://shop.test/100%/%zz/%41", "http://shop.test/100%25/%25zz/%41"),
        ("http://bücher.test/", "http://xn--bcher-kva.test/"),
        ("http://[2A00:1450:0:0::1]:81/", "http://[2a00:1450::1]:81/"),
        ("http://[::ffff:8.8.8.8]/", "http://8.8.8.8/"),
    ],
)
def test_what_is_sent_is_written_anew_from_what_was_checked(url: str, sent: str) -> None:
    assert str(WebAddress.parse(url)) == sent
    assert str(WebAddress.parse(sent)) == sent


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "https://shop.test/b"),
        ("c?d", "https://shop.test/x/c?d"),
        ("?d", "https://shop.test/x/y?d"),
        ("//other.test/", "https://other.test/"),
        ("http://other.test:81", "http://other.test:81/"),
    ],
)
def test_a_redirect_is_joined_and_judged_as_any_url(location: str, target: str) -> None:
    assert str(WebAddress.parse("https://shop.test/x/y?z").joined(location)) == target


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.verdict == "spelled" and ":" in v.url[:8]])
def test_a_redirect_may_not_be_spelled_as_no_url_may(vector: Vector) -> None:
    """Where joining reads some of them as a path, they stay with the host that sent them."""
    base = WebAddress.parse("http://shop.test/")
    try:
        joined = base.joined(vector.at(9000))
    except RefusedUrlError:
        return
    assert (joined.host, joined.port) == (base.host, base.port)


def test_a_url_longer_than_any_is_refused_at_once() -> None:
    WebAddress.parse("http://shop.test/" + "a" * 8000)
    for url in ("http://shop.test/" + "a" * 9000, "http://" + "a" * 9000, "http://" + "a." * 130 + "test/"):
        with pytest.raises(RefusedUrlError):
            WebAddress.parse(url)


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("127.8.8.8", "loopback"), ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "private"), ("100.64.0.1", "private"), ("fd00::1", "private"),
        ("::ffff:192.168.1.1", "private"), ("100.100.100.200", "never"), ("fd00:ec2::254", "never"),
        ("64:ff9b::10.0.0.1", "never"), ("169.254.169.254", "never"), ("0.0.0.0", "never"), ("::", "never"),
        ("2a00::5efe:808:808", "public"), ("2a00::5efe:7f00:1", "never"), ("8.8.8.8", "public"),
    ],
)  # fmt: skip
def test_an_address_is_as_near_as_it_is(address: str, where: str) -> None:
    assert reach(parsed_address(address)) == where


def test_an_allow_list_takes_its_hosts_and_no_others() -> None:
    guard = allowing("shop.test", "*.shop.test", "six.test:8080")
    for url in ("http://shop.test/", "https://shop.test/", "http://cdn.shop.test/", "http://six.test:8080/"):
        assert admitted(guard, url)
    for url in (
        "http://shop.test:8080/", "http://1shop.test/", "http://six.test/", "http://shop.test.loopback.test/",
        "http://93.184.216.34/", "http://8.8.8.8/",
    ):  # fmt: skip
        with pytest.raises(RefusedUrlError):
            admitted(guard, url)
    with pytest.raises(RefusedUrlError):
        admitted(allowing("*.shop.test"), "http://shop.test/")


def test_a_private_host_is_read_only_where_it_is_named_with_its_port() -> None:
    assert admitted(allowing("10.0.0.1:9000"), "http://10.0.0.1:9000/")
    assert admitted(allowing("private.test:80"), "http://private.test/")
    for entries in (["private.test"], ["*.test"], ["*.test:80"]):
        with pytest.raises(RefusedUrlError):
            admitted(allowing(*entries), "http://private.test/")
    with pytest.raises(SettingsError, match="with its port"):
        Entry.parse("10.0.0.1")


def test_loopback_is_read_only_where_it_is_itself_named() -> None:
    """The owner of a listed name could else lead it to any server of this machine."""
    for entry in ("127.0.0.1:9000", "localhost:9000", "[::1]:9000"):
        assert admitted(allowing(entry), f"http://{entry}/")
    for entry in ("loopback.test:9000", "loopback6.test:9000", "both.test:9000", "mapped.test:9000"):
        with pytest.raises(RefusedUrlError):
            admitted(allowing(entry), f"http://{entry}/")


@pytest.mark.parametrize("entry", ["metadata.test:80", "link-local6.test:80", "nat64.test:80"])
def test_metadata_and_link_local_are_never_read(entry: str) -> None:
    with pytest.raises(RefusedUrlError):
        admitted(allowing(entry), f"http://{entry}/")


@pytest.mark.parametrize(
    "entry",
    ["", " ", "http://shop.test", "shop.test/a", "a@shop.test", "shop.test:0", "shop.test:70000", "127.1:80",
     "*", "*.*.test", "::1", "169.254.169.254:80", "0.0.0.0:80", "100.100.100.200:80", "[fe80::1]:80"],
)  # fmt: skip
def test_an_entry_that_is_no_host_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingsError, match="fetch_hosts"):
        Entry.parse(entry)


def test_the_servers_own_port_is_denied_whatever_is_allowed() -> None:
    for entry in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        guard = allowing(entry)
        assert admitted(guard, f"http://{entry}/")
        guard.refuse_port(8000)
        with pytest.raises(RefusedUrlError, match="itself"):
            admitted(guard, f"http://{entry}/")


def test_the_same_port_of_another_machine_is_not_ours() -> None:
    guard = allowing("10.0.0.1:8000")
    guard.refuse_port(8000)
    assert admitted(guard, "http://10.0.0.1:8000/")


def test_the_addresses_of_this_machine_are_known() -> None:
    assert is_ours(parsed_address("127.0.0.1"))
    assert is_ours(parsed_address("127.9.9.9"))
    assert is_ours(parsed_address("::1"))


@pytest.mark.parametrize(
    ("database", "url"),
    [
        ("postgresql://u:p@private.test:5433/x", "http://10.0.0.1:5433/"),
        ("postgresql+psycopg://u:p@private.test/x", "http://10.0.0.1:5432/"),
        ("postgresql://a,private.test:5433/x", "http://private.test:5433/"),
        ("postgresql:///x?host=private.test&port=5433", "http://10.0.0.1:5433/"),
        ("qdrant://10.0.0.1", "http://private.test:6334/"),
        ("http://10.0.0.1:6333", "http://10.0.0.1:6334/"),
        ("http://shop.test:6333", "http://93.184.216.34:6333/"),
        ("postgresql://localhost/x", "http://127.0.0.9:5432/"),
        ("postgresql://127.0.0.1/x", "http://[::1]:5432/"),
    ],
)
def test_a_database_is_denied_by_name_and_by_address_whatever_is_allowed(database: str, url: str) -> None:
    entry = url.removeprefix("http://").rstrip("/")
    assert admitted(allowing(entry), url)
    with pytest.raises(RefusedUrlError, match="database"):
        admitted(allowing(entry, databases=[database]), url)


def test_beside_a_database_only_a_port_that_is_named_is_read() -> None:
    databases = ["qdrant://93.184.216.34"]
    with pytest.raises(RefusedUrlError, match="database"):
        admitted(allowing("shop.test", databases=databases), "http://shop.test/")
    assert admitted(allowing("shop.test:80", databases=databases), "http://shop.test/")


def test_a_database_that_cannot_be_found_is_where_it_was() -> None:
    """Else whoever hinders its DNS server for a moment could ask it by its address."""
    answers = [[parsed_address("10.0.0.1")]]

    def forgetful(host: str, _: float) -> Sequence[Address]:
        if not answers:
            raise RefusedUrlError("no such name")
        return answers.pop()

    guard = Guard(
        "allowlist",
        allowed=[Entry.parse("10.0.0.1:5432")],
        neighbours=list(neighbours("postgresql://db.test/x")),
        world=World(resolve=forgetful),
        neighbours_s=0,
    )
    for _ in range(2):
        with pytest.raises(RefusedUrlError, match="database"):
            admitted(guard, "http://10.0.0.1:5432/")
    assert not answers


def test_a_database_of_this_machine_is_denied_at_all_its_addresses() -> None:
    ours = {parsed_address(address) for address in ("127.0.0.1", "93.184.216.34")}
    world = World(resolve=look_up, is_ours=ours.__contains__)
    guard = Guard("public", neighbours=list(neighbours("postgresql://127.0.0.1/x")), world=world)
    with pytest.raises(RefusedUrlError, match="database"):
        admitted(guard, "http://shop.test:5432/")
    assert admitted(guard, "http://shop.test/"), "its web server may be asked, as by everybody"


def test_a_database_in_a_folder_has_no_host() -> None:
    assert list(neighbours("duckdb:///data/x.duckdb")) == []
    assert list(neighbours("postgresql:///x?host=/run/postgresql")) == []
    assert list(neighbours("postgresql://[fd00::5]/x")) == [Neighbour("fd00::5", frozenset({5432}))]


class Silent:
    """A DNS server that says nothing until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked = 0

    def __call__(self, host: str, *_: object, **__: object) -> Sequence[Any]:
        self.asked += 1
        self.over.wait(10)
        return []


def test_a_name_that_takes_too_long_is_given_up() -> None:
    silent, started = Silent(), time.monotonic()
    for resolver, within_s in (
        (SystemResolver(budget_s=0.01, ask=silent), 5.0),
        (SystemResolver(ask=silent), 0.01),
    ):
        with pytest.raises(RefusedUrlError, match="more than"):
            resolver("shop.test", within_s)
    assert time.monotonic() - started < 1
    silent.over.set()


def test_questions_without_an_answer_are_bounded() -> None:
    silent = Silent()
    resolver = SystemResolver(budget_s=0.01, max_open=3, ask=silent)
    for _ in range(5):
        with pytest.raises(RefusedUrlError):
            resolver("shop.test", 1.0)
    assert silent.asked == 3
    silent.over.set()


def test_localhost_is_found_and_refused() -> None:
    addresses = SystemResolver()("localhost", 2.0)
    assert addresses
    assert all(reach(address) == "loopback" for address in addresses)
