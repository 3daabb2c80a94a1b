"""Which network addresses belong to the public internet. Opens no connection and knows no names.

The deny list is written out: what Python calls global differs by its version, and took loopback behind NAT64,
6to4 and ::127.0.0.1 for global in 3.11. Python's opinion is asked beside it, so that both must agree.
Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890, 6052, 5214, 7526.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

Address = IPv4Address | IPv6Address
Reach = Literal["public", "private", "loopback", "never"]

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # before the IPv4 address in an interface's id: RFC 5214, 6.1
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 that is given out

# Where a cloud tells whoever asks from inside its secrets. Alibaba, Azure, AWS, Google: in ranges that a
# private host may have, or that are public elsewhere.
_METADATA = (
    IPv4Network("100.100.100.200/32"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("fd00:ec2::/32"),
    IPv6Network("fd20:ce::/32"),
)
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_PRIVATE = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("fc00::/7"),
)
_NEVER = (
    IPv4Network("0.0.0.0/8"),  # this host
    IPv4Network("169.254.0.0/16"),  # link-local, and most clouds' metadata
    IPv4Network("192.0.0.0/24"),  # protocol assignments, and Oracle's metadata
    IPv4Network("192.0.2.0/24"),  # documentation, as the next two
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("192.31.196.0/24"),  # AS112, AMT and other services of the network itself
    IPv4Network("192.52.193.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("192.175.48.0/24"),
    IPv4Network("198.18.0.0/15"),  # benchmarks
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, and broadcast
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4, whose relays are gone
    IPv6Network("2620:4f:8000::/48"),  # AS112
    IPv6Network("3ffe::/16"),  # 6bone, given back
    IPv6Network("3fff::/20"),  # documentation
)


def parsed_address(text: str) -> Address:
    """Raises ValueError: no address in its plain spelling."""
    return plain(ip_address(text))


def plain(address: Address) -> Address:
    """The address that a connection really goes to: an IPv4 address behind ::ffff:0:0/96 is that one."""
    if isinstance(address, IPv6Address) and address in _MAPPED:
        return _last_32_bits(address)
    return address


def reach(address: Address) -> Reach:
    """From where an address answers. `never`: no picture server can rightly have it.

    Where an IPv4 address is carried in an IPv6 one, that one counts too. Compatible addresses (::/96), 6to4
    and Teredo are `never`, whatever they carry: nothing that serves pictures is left behind them.
    """
    address = plain(address)
    if any(address in network for network in _METADATA):
        return "never"
    if any(address in network for network in _LOOPBACK):
        return "loopback"
    if any(address in network for network in _PRIVATE):
        return "private"
    if any(address in network for network in _NEVER) or not _is_given_out(address):
        return "never"
    return "public"


def _is_given_out(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return not address.is_reserved
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return reach(_last_32_bits(address)) == "public"
    if int(address) >> 32 & 0xFFFF_FFFF in _ISATAP and reach(_last_32_bits(address)) != "public":
        return False
    return address in _GLOBAL_UNICAST


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
