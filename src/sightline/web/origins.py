"""Whether a browser sends a request on behalf of another web site. Does not know keys, nor what is asked.

A page anywhere can have its visitor's browser post here, without reading the answer. Browsers say where a
request comes from, and no page can change what they say; programs say nothing.
"""

from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing, and no site reads their answers
OWN = frozenset({b"same-origin", b"none"})  # none: the person typed the address


def is_cross_site(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether it could change something and comes from elsewhere: another port of this machine is elsewhere.

    Older browsers, and all that ask a distant server without TLS, send no Sec-Fetch-Site: then the origin's
    host must be the one that was asked. Its scheme may differ, as it does behind a proxy that ends TLS.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in OWN
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()
