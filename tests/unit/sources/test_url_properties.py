"""What holds of every URL and every address there could be, not only of those somebody thought of."""

from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.sources.addresses import parsed_address, reach
from sightline.sources.urls import RefusedUrlError, WebAddress

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
PIECES = st.sampled_from(
    ["http", "https", "HTTP", "://", ":", "/", "//", "\\", "@", "#", "?", "[", "]", "%", "%2f", "%00", ".",
     "..", "-", "_", "0", "1", "127", "127.0.0.1", "0x7f", "::1", "ffff", "localhost", "shop.test", "xn--",
     "80", "99999", "\t", "\n", "\0", " ", "\u3002", "\uff11", "\u00fc", "\u200b", "\u202e", "\ud800", "&",
     "=", "+", ";", "<"]
)  # fmt: skip
URLS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=12).map(lambda pieces: "http://" + "".join(pieces)),
    st.tuples(st.sampled_from(["shop.test", "1.2.3.4", "[::1]"]), st.text(max_size=40)).map(
        lambda parts: f"http://{parts[0]}/{parts[1]}"
    ),
)


@given(URLS)
@example("http://a.test:80\\@127.0.0.1/")
def test_a_url_is_refused_or_every_reader_reads_what_is_sent_alike(url: str) -> None:
    try:
        where = WebAddress.parse(url)
    except RefusedUrlError:
        return
    sent = str(where)
    assert sent.isascii()
    assert sent.isprintable()
    assert not set(sent) & set(' \\"<>')
    assert WebAddress.parse(sent) == where
    split, other = urlsplit(sent), httpx.URL(sent)
    assert split.hostname == where.host == other.raw_host.decode("ascii")
    assert (split.port or {"http": 80, "https": 443}[split.scheme]) == where.port
    assert split.username is None
    assert other.userinfo == b""


@given(URLS, URLS)
def test_where_a_redirect_leads_is_as_plain_as_any_url(url: str, location: str) -> None:
    base = WebAddress.parse("https://shop.test:444/a/b?c")
    try:
        where = base.joined(location)
    except RefusedUrlError:
        return
    assert WebAddress.parse(str(where)) == where
    if location.isascii() and "//" not in location and ":" not in location:
        assert (where.scheme, where.host, where.port) == (base.scheme, base.host, base.port)


@given(V4)
def test_an_address_that_is_not_public_is_not_so_in_any_dress(address: IPv4Address) -> None:
    low = int(address)
    dressed = {
        "mapped": 0xFFFF << 32 | low,
        "compatible": low,
        "translated": 0xFFFF << 48 | low,
        "NAT64": 0x0064_FF9B << 96 | low,
        "local NAT64": 0x0064_FF9B_0001 << 80 | low,
        "6to4": 0x2002 << 112 | low << 80,
        "Teredo server": 0x2001_0000 << 96 | low << 64,
        "Teredo client": 0x2001_0000 << 96 | (low ^ 0xFFFF_FFFF),
        "ISATAP": 0x2A00_1450 << 96 | 0x5EFE << 32 | low,
        "ISATAP, global": 0x2A00_1450 << 96 | 0x0200_5EFE << 32 | low,
        "link-local ISATAP": 0xFE80 << 112 | 0x5EFE << 32 | low,
    }
    for dress, number in dressed.items():
        if reach(IPv6Address(number)) == "public":
            assert reach(address) == "public", dress
    assert reach(parsed_address(str(IPv6Address(dressed["mapped"])))) == reach(address)


@given(st.one_of(V4, st.integers(0, 2**128 - 1).map(IPv6Address)))
def test_what_is_public_is_global_to_python_too(address: IPv4Address | IPv6Address) -> None:
    if reach(address) == "public":
        assert parsed_address(str(address)).is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "outside",
    ["8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
     "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
     "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
     "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2620:4f:8001::1", "3ffd::1"],
)  # fmt: skip
def test_the_neighbours_of_what_is_denied_are_public(outside: str) -> None:
    assert reach(parsed_address(outside)) == "public"
