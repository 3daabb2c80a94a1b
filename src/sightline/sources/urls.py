"""A URL, read once and strictly, and written anew. Does not know who may be asked, and asks nobody.

Two readers of one odd URL may see two hosts. So what is odd is refused here, and what is sent is written from
the parts that were checked.
Source: RFC 3986; WHATWG URL, "host parsing", for hosts that end in a number.
"""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self
from urllib.parse import quote, urljoin

import idna

from sightline.sources.addresses import plain

MAX_URL_CHARS = 8192  # signed addresses of object stores take some 2,000
DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL | re.ASCII)
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]@%]+)(?::([0-9]{1,5}))?", re.ASCII)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "/:@!$&'()*+,;=-._~%"
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"}  # controls, blanks, halves of characters
MAX_HOST_CHARS = 253


class RefusedUrlError(Exception):
    """Why a URL is not asked. For the log alone: whoever sent it is not told."""


@dataclass(frozen=True)
class WebAddress:
    """host: in ASCII and lower case, an IPv6 address without brackets. target: path and query, quoted."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises RefusedUrlError: it is no http(s) URL, or one that not every reader would read alike."""
        if len(url) > MAX_URL_CHARS:
            raise RefusedUrlError(f"it has {len(url)} characters; {MAX_URL_CHARS} are read")
        if "\\" in url or any(unicodedata.category(letter) in _UNSEEN for letter in url):
            raise RefusedUrlError("it holds a backslash, a blank or a control character")
        found = _URL.fullmatch(url)
        if found is None:
            raise RefusedUrlError("it does not begin with http:// or https://")
        scheme, authority, path, query = found[1].lower(), found[2], found[3], found[4] or ""
        parts = _AUTHORITY.fullmatch(authority)
        if parts is None:
            raise RefusedUrlError("between // and / there must be a host, perhaps a port, and no name or key")
        port = DEFAULT_PORTS[scheme] if parts[2] is None else int(parts[2])
        if not 0 < port < 65_536:
            raise RefusedUrlError("its port is none")
        return cls(scheme, parsed_host(parts[1]), port, _quoted(path or "/") + _quoted(query, "?"))

    @property
    def authority(self) -> str:
        """As in a URL and in a Host header: without the port where the scheme says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def joined(self, location: str) -> "WebAddress":
        """Where a redirect leads. Raises RefusedUrlError, as for any URL."""
        if "\\" in location or any(unicodedata.category(letter) in _UNSEEN for letter in location):
            raise RefusedUrlError("a redirect holds a backslash, a blank or a control character")
        try:
            return WebAddress.parse(urljoin(str(self), location))
        except ValueError as error:  # urljoin's, of brackets
            raise RefusedUrlError("a redirect leads to no URL") from error


def parsed_host(text: str) -> str:
    """A host as it is asked for: an address in its plain spelling, or a name of ASCII labels.

    Raises RefusedUrlError: an address in another spelling (decimal, hex, octal, short), or no host.
    """
    if text.startswith("["):
        try:
            return str(plain(IPv6Address(text[1:-1])))
        except ValueError:
            raise RefusedUrlError("what stands between brackets is no IPv6 address") from None
    labels = [_label(label) for label in text.lower().removesuffix(".").split(".")]
    host = ".".join(labels)
    if len(host) > MAX_HOST_CHARS:
        raise RefusedUrlError(f"its host has more than {MAX_HOST_CHARS} characters")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise RefusedUrlError("its host is an address in an odd spelling") from None
    return host


def _label(label: str) -> str:
    if not label.isascii() or label.startswith("xn--"):
        try:
            label = idna.alabel(label).decode("ascii")
        except UnicodeError:  # which idna's errors are
            raise RefusedUrlError("its host is no valid international name") from None
    if not _LABEL.fullmatch(label):
        raise RefusedUrlError("its host is no name and no address")
    return label


def _quoted(text: str, and_safe: str = "") -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=_SAFE + and_safe)
