"""A load of picture uploads over raw sockets, in a process of its own. Does not know what is served.

Usage: python -m benchmarks.load PORT PATH CLIENTS SECONDS PICTURES_FOLDER; prints one JSON object.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

BOUNDARY = b"sightline-load"


def upload(path: str, picture: bytes) -> bytes:
    """A whole HTTP request with one multipart file."""
    head = b'--%b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n' % BOUNDARY
    body = head + b"Content-Type: image/jpeg\r\n\r\n" + picture + b"\r\n--%b--\r\n" % BOUNDARY
    return (
        b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=%b\r\n"
        b"Content-Length: %d\r\n\r\n" % (path.encode(), BOUNDARY, len(body))
    ) + body


async def client(
    port: int, requests: list[bytes], until: float, times: list[float], failures: list[int]
) -> None:
    """One keep-alive connection that sends the next request when the answer is read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turn = 0
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(requests[turn % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in fields if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - started)
        if not head.startswith(b"HTTP/1.1 200"):
            failures.append(int(head[9:12]))
        turn += 1
    writer.close()


async def run(port: int, path: str, clients: int, seconds: float, pictures: list[bytes]) -> dict[str, object]:
    requests = [upload(path, picture) for picture in pictures]
    times: list[float] = []
    failures: list[int] = []
    started = time.perf_counter()
    own = [requests[index::clients] or requests for index in range(clients)]
    await asyncio.gather(*(client(port, mine, started + seconds, times, failures) for mine in own))
    took = time.perf_counter() - started
    times.sort()
    return {
        "rate": len(times) / took,
        "p50_ms": times[len(times) // 2] * 1000,
        "p95_ms": times[int(len(times) * 0.95)] * 1000,
        "answers": len(times),
        "failures": failures,
    }


if __name__ == "__main__":
    folder = Path(sys.argv[5])
    files = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    port, path, clients, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    print(json.dumps(asyncio.run(run(port, path, clients, seconds, files))))
