"""The guarded fetch in a network of its own, in which every address of the world is this machine.

    python -m tests.fetch_netns

There is a real DNS server, and a web server at every address, which writes down who came: a connection to
anything inside would be seen, and the kernel counts those to other ports. Asked are the fetch itself and a
server in front of it. Needs Linux, `ip`, and `unshare` as root or with user namespaces; knows no Windows.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sightline.bootstrap import make_fetcher
from sightline.domain.errors import UnreachableUrlError
from sightline.domain.ports import Fetcher
from sightline.environment import read_settings
from sightline.sources.addresses import parsed_address, reach
from tests.fakes import png
from tests.netns_servers import PORTS, SINK_PORT, Names, World, serve_names, serve_world
from tests.vectors import Vector, vectors

SERVER_PORT = 8000
REBINDINGS = 1000
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--kill-child"]
SETUP = (
    "ip link set lo up",
    "ip route add local 0.0.0.0/0 dev lo",
    "ip -6 route add local ::/0 dev lo",
)


def main() -> int:
    if "--inside" not in sys.argv:
        return subprocess.run(
            [*NAMESPACES, sys.executable, "-m", "tests.fetch_netns", "--inside"], check=False
        ).returncode
    for command in SETUP:
        subprocess.run(command.split(), check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver, ExitStack() as stack:
        resolver.write("nameserver 127.0.0.1\noptions timeout:5 attempts:1\n")
        resolver.flush()
        subprocess.run(["mount", "--bind", resolver.name, "/etc/resolv.conf"], check=True)
        names = stack.enter_context(serve_names())
        world = stack.enter_context(serve_world(png(3)))
        fetcher = make_fetcher(read_settings({}, {"fetch_mode": "public", "port": SERVER_PORT}))
        if fetcher is None:
            raise AssertionError("fetch_mode=public makes a fetcher")
        failures = [
            *check_the_sinks(world),
            *check_vectors(fetcher, world),
            *check_rebinding(fetcher, world, names),
            *check_server(world),
        ]
    for failure in failures:
        print("FAILED", ascii(failure))
    print("failed" if failures else "passed")
    return 1 if failures else 0


def check_the_sinks(world: World) -> list[str]:
    """The test of the test: whoever connects is seen, at any address and by the kernel."""
    missed = []
    for host in ("127.0.0.1", "169.254.169.254", "10.9.8.7", "::1", "fd00:ec2::254", "8.8.8.8"):
        before, opened = len(world.visits), opened_connections()
        connection = http.client.HTTPConnection(host, SINK_PORT, timeout=2)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
        if len(world.visits) != before + 1 or opened_connections() != opened + 1:
            missed.append(f"a connection to {host} was not seen")
    return missed


def check_vectors(fetcher: Fetcher, world: World) -> list[str]:
    """Every vector, asked of the fetch itself. Nothing but TLS to a public address may be left unread."""
    return told(
        "vectors",
        [found for vector in vectors() for found in one_vector(fetcher, world, vector)],
        f"{len(vectors())} URLs",
    )


def one_vector(fetcher: Fetcher, world: World, vector: Vector) -> list[str]:
    url, before, opened = vector.at(SINK_PORT), len(world.visits), opened_connections()
    try:
        fetcher.read(url)
        is_read = True
    except UnreachableUrlError:
        is_read = False
    if vector.verdict != "public":
        if is_read or len(world.visits) != before or opened_connections() != opened:
            return [f"{vector.verdict} {url}: read={is_read}, came {world.visits[before:]}"]
        return []
    visits = world.visits[before:]
    if not visits or any(reach(parsed_address(host)) != "public" for host, _ in visits):
        return [f"public {url}: came {visits}"]
    if url.lower().startswith("http:") and not is_read:
        return [f"public {url}: not read"]
    return []


def check_rebinding(fetcher: Fetcher, world: World, names: Names) -> list[str]:
    """Names whose answers change with every question, with a time to live of 0."""
    found = []
    for name in names.rebinding:
        before, asked, ended = len(world.visits), names.asked(name), {"read": 0, "refused": 0}
        for _ in range(REBINDINGS):
            try:
                fetcher.read(f"http://{name}/")
                ended["read"] += 1
            except UnreachableUrlError:
                ended["refused"] += 1
        inside = [host for host, _ in world.visits[before:] if reach(parsed_address(host)) != "public"]
        print(f"rebinding {name}: {ended}, questions {names.asked(name) - asked}, inside {len(inside)}")
        if inside or min(ended.values()) == 0:
            found.append(f"{name}: {ended}, inside {inside[:3]}")
    return found


def check_server(world: World) -> list[str]:
    """The same vectors through `sightline serve`; and its own port, at every address of the machine."""
    environ = {**os.environ, "SIGHTLINE_FETCH_MODE": "public", "SIGHTLINE_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "sightline", "serve", "--port", "0", "--host", "0.0.0.0"]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, env=environ, stderr=log)
        try:
            port = port_of(log.fileno())
            wait_for(lambda: get(port, "/readyz") == 200)
            own = [
                f"http://{host}:{port}/livez" for host in ("8.8.8.8", "93.184.216.34", "1.2.3.4", "shop.test")
            ]
            refused = [vector.at(SINK_PORT) for vector in vectors() if vector.verdict != "public"]
            sound = [url for url in refused if url.startswith("http") and url.isprintable()]
            before = len(world.visits)
            codes = embed(port, [*sound, *own])
            took = timings(port)
        finally:
            server.terminate()
            server.wait(20)
    wrong = [
        f"through the server, {url}: {code}"
        for url, code in zip([*sound, *own], codes, strict=True)
        if code != "unreachable_url"
        and not (code == "invalid_request" and not re.match("https?://", url, re.IGNORECASE))
    ]
    wrong += [f"through the server came {visit}" for visit in world.visits[before:] if not is_public(visit)]
    if max(took.values()) - min(took.values()) > 0.1:
        wrong.append(f"the times differ: {took}")
    return told("server", wrong, f"{len(codes)} URLs, its own port {port}; median s {took}")


def is_public(visit: tuple[str, int]) -> bool:
    return reach(parsed_address(visit[0])) == "public"


def timings(port: int) -> dict[str, float]:
    """Seconds, the middle of several, for what is blocked, what is not found, and what does not answer."""
    urls = {
        "blocked": "http://10.0.0.1/",
        "blocked name": "http://private.test/",
        "no name": "http://nothing.test/",
        "closed port": "http://shop.test:4444/",
    }
    middle = {}
    for kind, url in urls.items():
        taken = []
        for _ in range(9):
            started = time.monotonic()
            embed(port, [url])
            taken.append(time.monotonic() - started)
        middle[kind] = round(sorted(taken)[4], 3)
    return middle


def embed(port: int, urls: list[str]) -> list[str]:
    """Asks for the vectors of the pictures there, and gives the code of each one's error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"input": [{"image": url} for url in urls], "on_error": "item"})
    connection.request("POST", "/v1/embeddings", body, {"content-type": "application/json"})
    answer = json.load(connection.getresponse())
    connection.close()
    return [item.get("error", {}).get("code", "embedded") for item in answer["data"]]


def get(port: int, path: str) -> int:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0


def port_of(log: int) -> int:
    """The port that a server chose, once its log tells."""
    found: list[int] = []

    def is_told() -> bool:
        text = Path(f"/proc/self/fd/{log}").read_text()
        found[:] = [int(port) for port in re.findall(r"http://[0-9.]+:([0-9]+)", text)]
        return bool(found)

    wait_for(is_told)
    return found[0]


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError("it was not so within 60 s")
        time.sleep(0.05)


def opened_connections() -> int:
    """How many TCP connections were begun in this network, whether anyone answered or not."""
    names, values = (
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line[:4] == "Tcp:"
    )
    return int(values[names.index("ActiveOpens")])


def told(check: str, failures: list[str], about: str) -> list[str]:
    print(f"{check}: {about}; {len(failures)} wrong; ports {sorted(PORTS)}")
    return failures


if __name__ == "__main__":
    sys.exit(main())
