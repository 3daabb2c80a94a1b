"""Many at once against a real server: each gets its own vector, whatever others send, break or abandon."""

import asyncio
import base64
import io
import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

import sightline
from sightline.domain.arrays import Float32
from sightline.services.model import Model
from sightline.services.queueing import BatchLimits
from sightline.services.workshop import Workshop
from tests.e2e.serving import Running, running
from tests.e2e.test_metrics import samples, value
from tests.fakes import Batch, HookedEngine, Turnstile, encoded, fake_model, png

WORDS = ("red", "blue", "green", "black", "long", "short", "shirt", "shoe", "hat", "dress", "coat", "bag")


def together(
    server: Running, calls: Callable[[httpx.AsyncClient], list[Coroutine[Any, Any, Any]]]
) -> list[Any]:
    """All calls at once, each on a connection of its own; exceptions come back as results."""

    async def run() -> list[Any]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=limits) as client:
            return await asyncio.gather(*calls(client), return_exceptions=True)

    return asyncio.run(run())


async def picture_vector(client: httpx.AsyncClient, picture: bytes) -> Float32:
    answer = await client.post("/embed-image", files={"file": picture})
    return np.array(answer.raise_for_status().json()["embedding"], dtype=np.float32)


async def text_vector(client: httpx.AsyncClient, text: str) -> Float32:
    answer = await client.post("/v1/embeddings", json={"input": text})
    return np.array(answer.raise_for_status().json()["data"][0]["embedding"], dtype=np.float32)


def test_256_shuffled_pictures_and_texts_at_once_each_get_their_own_vector() -> None:
    exact = sightline.load("mini", precision="f32")
    pictures = [png(seed, (60 + seed % 40, 50)) for seed in range(128)]
    texts = [f"{WORDS[n % 12]} {WORDS[(n // 12) % 12]} number {n}" for n in range(128)]
    order = list(range(256))
    random.Random(3).shuffle(order)
    alone = np.concatenate(
        [exact.embed_images([one]) for one in pictures] + [exact.embed_texts([one]) for one in texts]
    )
    with running(lambda name: sightline.load("mini", precision="f32"), models=("mini",)) as server:
        found = together(
            server,
            lambda client: [
                picture_vector(client, pictures[n]) if n < 128 else text_vector(client, texts[n - 128])
                for n in order
            ],
        )
    cosines = [float(vector @ alone[n]) for n, vector in zip(order, found, strict=True)]
    assert min(cosines) >= 0.9999
    own = np.stack(found) @ alone.T  # and nobody else's
    assert (own.argmax(axis=1) == order).all()


class Faulty:
    """A model that fails on marked pictures, each in another part; everything else it answers."""

    IN_CUT, IN_FORWARD, AFTER = (1, 0, 0), (2, 0, 0), (3, 0, 0)

    @staticmethod
    def picture(mark: tuple[int, int, int]) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32), mark).save(buffer, "PNG")
        return buffer.getvalue()

    @classmethod
    def model(cls, name: str) -> Model:
        model = fake_model(name, engine=FaultyEngine(cls._in_forward))
        whole = model.cut

        def cut(picture: Image.Image) -> Any:
            if picture.getpixel((0, 0)) == cls.IN_CUT:
                raise ZeroDivisionError("in preprocessing, at 0xdeadbeef")
            return whole(picture)

        model.cut = cut  # type: ignore[method-assign]
        return model

    @classmethod
    def _in_forward(cls, batch: Batch) -> None:
        if batch.ndim == 4 and any((row[0, 0] == cls.IN_FORWARD).all() for row in batch):
            raise RuntimeError("in the forward, at 0xdeadbeef")


class FaultyEngine(HookedEngine):
    def compile(self, graph: Any) -> Any:
        program = super().compile(graph)
        run = program.run

        def spoilt(batch: Batch) -> Float32:
            vectors = run(batch)
            for row, vector in zip(batch, vectors, strict=True):
                if batch.ndim == 4 and (row[0, 0] == Faulty.AFTER).all():
                    vector[:] = np.nan
            return vectors

        program.run = spoilt  # type: ignore[method-assign]
        return program


@pytest.fixture(scope="module")
def faulty() -> Iterator[Running]:
    with running(Faulty.model, max_queue_ms=60_000) as server:
        yield server


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (encoded(1, (40, 30), "JPEG")[:-200], 400),
        (b"", 400),
        (random.Random(1).randbytes(5000), 415),
        (Faulty.picture(Faulty.IN_CUT), 500),
        (Faulty.picture(Faulty.IN_FORWARD), 500),
        (Faulty.picture(Faulty.AFTER), 500),
        (png(1, (1, 1)), 200),
    ],
    ids=["truncated", "empty", "random bytes", "in preprocess", "in forward", "in postprocess", "one pixel"],
)
def test_a_fault_amid_a_thousand_others_hurts_nobody_else(faulty: Running, sent: bytes, status: int) -> None:
    good = [png(seed) for seed in range(25)]
    uris = [{"image": base64.b64encode(one).decode()} for one in good]

    async def singly(client: httpx.AsyncClient) -> list[Float32]:
        return [await picture_vector(client, one) for one in good]

    async def in_a_list(client: httpx.AsyncClient) -> list[Float32]:
        answer = await client.post("/v1/embeddings", json={"input": uris})
        return [
            np.array(one["embedding"], dtype=np.float32) for one in answer.raise_for_status().json()["data"]
        ]

    async def bad(client: httpx.AsyncClient) -> int:
        return (await client.post("/embed-image", files={"file": sent})).status_code

    singles = [singly] * 8
    lists = [in_a_list] * 32
    *vectors, got = together(faulty, lambda client: [call(client) for call in (*singles, *lists, bad)])
    assert got == status
    alone = fake_model().embed_images(good)
    for found in vectors:
        np.testing.assert_allclose(found, alone, atol=1e-6)
    assert faulty.client.get("/readyz").status_code == 200


def test_half_of_500_clients_leave_and_what_they_had_queued_never_runs() -> None:
    gate = Turnstile()
    workshop = Workshop(threads=2, max_queue_s=600, limits=BatchLimits(max_rows=16))

    async def half_leave(client: httpx.AsyncClient, server: Running) -> int:
        clients = [asyncio.create_task(picture_vector(client, png(n))) for n in range(500)]
        while server.served.workshop.batcher.waiting("interactive") < 500 - 2 * 16:
            await asyncio.sleep(0.01)
        leaving = random.Random(7).sample(clients, 250)
        for one in leaving:
            one.cancel()
        # all who left, but for those in the forward, which ends for them too
        while server.served.workshop.admission.held > (250 + gate.sizes[0]) * 4:
            await asyncio.sleep(0.01)
        gate.open()
        answers = await asyncio.gather(*clients, return_exceptions=True)
        return sum(not isinstance(answer, BaseException) for answer in answers)

    with running(lambda name: fake_model(name, hook=gate), workshop) as server:
        gate.shut()
        gate.batches.clear()
        [answered] = together(server, lambda client: [half_leave(client, server)])
        dropped = value(samples(server.client), "sightline_dropped_total", reason="cancelled")
        assert server.client.get("/readyz").status_code == 200
    assert answered == 250
    in_hand = gate.sizes[0]  # the forward that ran when they left
    assert dropped >= 250 - in_hand
    assert sum(gate.sizes) == 500 - dropped
