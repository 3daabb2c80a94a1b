"""Pictures and texts sent again, over HTTP: neither decoded nor computed, and never another's vector."""

import asyncio

from sightline.services.embedding import EmbeddingService
from sightline.services.jobs import Picture, Text
from sightline.services.workshop import Workshop
from tests.e2e.serving import running
from tests.e2e.test_metrics import samples, value
from tests.fakes import Turnstile, fake_model, png
from tests.waiting import wait_until


def test_what_was_sent_before_is_neither_decoded_nor_computed() -> None:
    with running(workshop=Workshop(threads=2, cache_bytes=1_000_000)) as server:
        before = samples(server.client)
        for _ in range(3):
            first = server.client.post("/embed-image", files={"file": png(1)}).json()["embedding"]
            text = server.client.post("/v1/embeddings", json={"input": "a red shoe"}).json()
        assert first == server.client.post("/embed/image", files={"file": png(1)}).json()["embedding"]
        assert server.client.post("/embed-image", files={"file": png(2)}).json()["embedding"] != first
        found = samples(server.client)
    for stage, times in (("decode", 2), ("tokenize", 1)):
        name = "sightline_stage_seconds_count"
        assert value(found, name, stage=stage) - value(before, name, stage=stage) == times
    assert value(found, "sightline_cache_total", outcome="hit") == 5
    assert value(found, "sightline_cache_total", outcome="miss") == 3
    assert value(found, "sightline_cache_bytes") > 0
    assert text["usage"]["prompt_tokens"] == 8


def test_identical_pictures_in_flight_are_computed_once_though_the_first_client_leaves() -> None:
    gate = Turnstile()
    workshop = Workshop(threads=2, cache_bytes=1_000_000)
    service = EmbeddingService(fake_model(hook=gate), workshop=workshop)
    service.load_model()

    async def ask() -> list[object]:
        gate.shut()
        blocker = asyncio.create_task(service.embed_texts(["held up"]))
        await asyncio.to_thread(gate.entered.wait, 10)
        first = asyncio.create_task(service.embed_all([Picture(png(1))]))
        await asyncio.to_thread(wait_until, lambda: workshop.batcher.waiting("interactive") == 1)
        others = [asyncio.create_task(service.embed_all([Picture(png(1)), Text("x")])) for _ in range(9)]
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.sleep(0.1)
        gate.open()
        await blocker
        return await asyncio.gather(*others)

    gate.batches.clear()
    answers = asyncio.run(ask())
    service.close()
    pictures = [batch for batch in gate.batches if batch.ndim == 4]
    assert sum(map(len, pictures)) == 1
    assert len({answer[0].vector.tobytes() for answer in answers}) == 1  # type: ignore[index]
    assert workshop.admission.held == 0


def test_a_known_picture_does_not_prove_that_the_model_still_works() -> None:
    service = EmbeddingService(fake_model(), workshop=Workshop(threads=1, cache_bytes=1_000_000))
    service.load_model()
    asyncio.run(service.embed_images([png(1)]))
    service.proved_at = None
    asyncio.run(service.embed_images([png(1)]))
    assert service.proved_at is None
    asyncio.run(service.embed_images([png(2)]))
    assert service.proved_at is not None
    service.close()


def test_a_bad_picture_is_refused_again_and_again() -> None:
    with running(workshop=Workshop(threads=2, cache_bytes=1_000_000)) as server:
        answers = [server.client.post("/embed-image", files={"file": png(1)[:50]}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400] * 3
