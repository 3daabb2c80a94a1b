"""Why nobody answers at a store's address, as seen from this machine. Does not know what a store says."""

import socket
from urllib.parse import urlsplit

PORTS = {"postgresql": 5432, "postgres": 5432, "qdrant": 6333, "qdrants": 6333}
WAIT_S = 2.0


def why_silent(address: str) -> str | None:
    """With host and port, and nothing else that the address holds, as a password.

    None: somebody listens there, or it is no address of a server.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if host is None or port is None:
        return None
    place = f"{host}:{port}"
    try:
        socket.create_connection((host, port), timeout=WAIT_S).close()
    except socket.gaierror:
        return f"{place}: there is no such host"
    except TimeoutError:
        return f"{place}: no answer within {WAIT_S:g} s"
    except ConnectionRefusedError:
        return f"{place}: the connection is refused, nobody listens there"
    except OSError as error:
        return f"{place}: {error.strerror or 'it cannot be reached'}"
    return None
