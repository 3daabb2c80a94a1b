"""The asynchronous service: one answer each, deadlines, cancellation, and use inside somebody else's loop."""

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sightline.domain.arrays import Int64
from sightline.domain.errors import (
    DeadlineError,
    ImageError,
    InvalidRequestError,
    NoTextTowerError,
    NotReadyError,
    OverloadedError,
    UnknownServedModelError,
)
from sightline.services.embedding import Embedded, EmbeddingService
from sightline.services.jobs import Picture, Text
from sightline.services.pool import NICENESS
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from tests.fakes import DIM, LetterTokenizer, Turnstile, fake_model, png


@pytest.fixture
def gate() -> Turnstile:
    return Turnstile()


@pytest.fixture
def service(gate: Turnstile) -> Iterator[EmbeddingService]:
    made = EmbeddingService(fake_model(hook=gate), max_concurrent=2)
    made.load_model()
    gate.batches.clear()  # the warm-up's
    yield made
    gate.open()
    made.close()


def test_it_refuses_to_work_before_it_is_loaded() -> None:
    service = EmbeddingService(fake_model())
    assert not service.is_loaded
    with pytest.raises(RuntimeError, match=r"call load_model\(\) first"):
        asyncio.run(service.get_embedding(png()))


def test_a_name_is_loaded_by_the_loader_once() -> None:
    asked: list[str] = []

    def loader(name: str) -> object:
        asked.append(name)
        return fake_model(name)

    service = EmbeddingService("some-model", loader=loader)  # type: ignore[arg-type]
    service.load_model()
    service.load_model()
    assert asked == ["some-model"]
    assert service.is_loaded
    service.close()


def test_a_picture_becomes_a_list_of_plain_floats(service: EmbeddingService) -> None:
    vector = asyncio.run(service.get_embedding(png(1)))
    assert len(vector) == DIM
    assert all(type(number) is float for number in vector)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_batch_keeps_its_order_and_equals_single_calls(service: EmbeddingService) -> None:
    pictures = [png(seed) for seed in range(20)]
    together = asyncio.run(service.get_embeddings_batch(pictures))
    alone = fake_model().embed_images(pictures)
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_it_serves_one_event_loop_after_another(service: EmbeddingService) -> None:
    first = asyncio.run(service.get_embedding(png(1)))
    second = asyncio.run(service.get_embedding(png(1)))
    assert first == second


def test_an_empty_list_gives_an_empty_array(service: EmbeddingService) -> None:
    assert asyncio.run(service.embed_images([])).shape == (0, DIM)
    assert asyncio.run(service.embed_each([])) == []


def test_256_concurrent_pictures_and_texts_each_get_their_own_vector(service: EmbeddingService) -> None:
    asked = [Picture(png(seed)) if seed % 2 else Text(f"t{seed}") for seed in range(256)]
    model = fake_model()

    async def all_at_once() -> list[list[Embedded]]:
        return await asyncio.gather(*(service.embed_all([item]) for item in asked))

    for item, answer in zip(asked, asyncio.run(all_at_once()), strict=True):
        solo = (
            model.embed_images([item.source]) if isinstance(item, Picture) else model.embed_texts([item.text])
        )
        np.testing.assert_allclose(answer[0].vector, solo[0], atol=1e-6)


def test_a_mixed_list_is_answered_in_order(service: EmbeddingService) -> None:
    asked = [Text("one"), Picture(png(1)), Text("two"), Picture(png(2))]
    answers = asyncio.run(service.embed_all(asked))
    model = fake_model()
    texts, pictures = model.embed_texts(["one", "two"]), model.embed_images([png(1), png(2)])
    expected = [texts[0], pictures[0], texts[1], pictures[1]]
    np.testing.assert_allclose([answer.vector for answer in answers], expected, atol=1e-6)


def test_all_or_none_names_the_item_that_failed(service: EmbeddingService) -> None:
    with pytest.raises(ImageError) as caught:
        asyncio.run(service.get_embeddings_batch([png(1), b"not a picture", png(2)]))
    assert caught.value.__notes__ == ["item 1 of 3, counted from 0"]


def test_each_item_may_fail_for_itself(service: EmbeddingService) -> None:
    asked = [Picture(png(1)), Picture(b""), Text("ok"), Picture(b"\x89PNG broken")]
    answers = asyncio.run(service.embed_each(asked))
    assert [type(answer) is Embedded for answer in answers] == [True, False, True, False]
    assert isinstance(answers[1], ImageError)


def test_a_model_without_text_says_so() -> None:
    service = EmbeddingService(fake_model(with_text=False))
    service.load_model()
    with pytest.raises(NoTextTowerError):
        asyncio.run(service.embed_texts(["a"]))
    answers = asyncio.run(service.embed_each([Picture(png(1)), Text("a")]))
    assert isinstance(answers[0], Embedded)
    assert isinstance(answers[1], NoTextTowerError)
    service.close()


def test_padding_is_not_counted_as_tokens(service: EmbeddingService) -> None:
    (answer,) = asyncio.run(service.embed_all([Text("abc")]))
    assert answer.tokens == 4  # three letters and the end


def test_a_deadline_ends_the_wait_and_takes_the_work_back(service: EmbeddingService, gate: Turnstile) -> None:
    gate.shut()

    async def late() -> None:
        running = asyncio.create_task(service.embed_images([png(0)]))
        await asyncio.to_thread(gate.entered.wait, 10)
        started = time.monotonic()
        with pytest.raises(DeadlineError, match=r"within 0\.2 s"):
            await service.embed_images([png(1), png(2)], timeout_s=0.2)
        assert time.monotonic() - started < 5
        gate.open()
        await running

    asyncio.run(late())
    assert gate.sizes == [1]


def test_a_cancelled_call_never_reaches_the_model(service: EmbeddingService, gate: Turnstile) -> None:
    gate.shut()

    async def hang_up() -> None:
        running = asyncio.create_task(service.embed_images([png(0)]))
        await asyncio.to_thread(gate.entered.wait, 10)
        abandoned = [asyncio.create_task(service.embed_images([png(seed)])) for seed in range(1, 9)]
        kept = asyncio.create_task(service.embed_images([png(9)]))
        await asyncio.sleep(0.1)  # until they are prepared and queued
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        gate.open()
        await asyncio.gather(running, kept)

    asyncio.run(hang_up())
    assert sum(gate.sizes) == 2


def test_more_work_than_the_bound_is_refused_and_the_bound_is_free_again(gate: Turnstile) -> None:
    model = fake_model(hook=gate)
    service = EmbeddingService(model, workshop=Workshop(threads=1, max_cost=3 * model.image_tokens))
    service.load_model()

    async def flood() -> list[object]:
        gate.shut()
        calls = [asyncio.create_task(service.embed_images([png(seed)])) for seed in range(5)]
        await asyncio.sleep(0.05)
        gate.open()
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(flood())
    assert [isinstance(outcome, OverloadedError) for outcome in outcomes] == [False] * 3 + [True] * 2
    asyncio.run(service.embed_images([png(1)]))
    service.close()


def test_a_closed_service_refuses() -> None:
    service = EmbeddingService(fake_model())
    service.load_model()
    service.close()
    with pytest.raises(NotReadyError):
        asyncio.run(service.get_embedding(png(1)))


def test_a_failing_preparation_fails_its_item_only(service: EmbeddingService) -> None:
    answers = asyncio.run(service.embed_each([Picture(object()), Picture(png(1))]))  # type: ignore[arg-type]
    assert isinstance(answers[0], Exception)
    assert isinstance(answers[1], Embedded)


class PickyTokenizer(LetterTokenizer):
    """Refuses a text that spells out an id it has no row for, and with it whatever came along."""

    def encode(self, texts: list[str]) -> Int64:
        if "</s>" in texts:
            raise InvalidRequestError("a text has tokens that the model does not know")
        return super().encode(texts)


def test_a_text_that_is_refused_does_not_take_the_others_along() -> None:
    service = EmbeddingService(fake_model(tokenizer=PickyTokenizer()))
    service.load_model()
    good, bad, other = asyncio.run(service.embed_each([Text("good"), Text("</s>"), Text("other")]))
    service.close()
    assert isinstance(bad, InvalidRequestError)
    assert isinstance(good, Embedded)
    assert isinstance(other, Embedded)
    np.testing.assert_allclose(
        [good.vector, other.vector], fake_model().embed_texts(["good", "other"]), atol=1e-6
    )


def test_proving_runs_a_real_forward(service: EmbeddingService, gate: Turnstile) -> None:
    assert service.proved_at is None
    asyncio.run(service.prove(timeout_s=5))
    assert gate.sizes == [1]
    assert service.proved_at is not None


def test_no_decoding_at_once_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="max_concurrent is 0"):
        EmbeddingService(fake_model(), max_concurrent=0)


class SlowPath:
    """A path whose opening takes a while, and which counts how many are being opened."""

    lock = threading.Lock()
    now = most = 0

    def __fspath__(self) -> str:
        with SlowPath.lock:
            SlowPath.now += 1
            SlowPath.most = max(SlowPath.most, SlowPath.now)
        time.sleep(0.02)
        with SlowPath.lock:
            SlowPath.now -= 1
        return "/nowhere"


def test_at_most_max_concurrent_pictures_are_prepared_at_once() -> None:
    service = EmbeddingService(fake_model(), max_concurrent=3)
    service.load_model()
    asyncio.run(service.embed_each([Picture(SlowPath()) for _ in range(12)]))
    service.close()
    assert SlowPath.most == 3


def test_pictures_that_nobody_waits_for_are_not_decoded() -> None:
    service = EmbeddingService(fake_model(), max_concurrent=1)
    service.load_model()
    opened: list[int] = []

    class Counted(SlowPath):
        def __fspath__(self) -> str:
            opened.append(1)
            return super().__fspath__()

    async def hang_up() -> None:
        with pytest.raises(DeadlineError):
            await service.embed_each([Picture(Counted()) for _ in range(20)], timeout_s=0.03)

    asyncio.run(hang_up())
    service.close()
    assert len(opened) <= 3


def served(*names: str) -> ServedModels:
    hub = {"a": "org/model-a"}
    return ServedModels(names, loader=lambda name: fake_model(name, repo=hub.get(name)), workshop=Workshop())


def test_served_models_answer_by_card_name_and_by_hub_id_and_the_first_by_default() -> None:
    models = served("a", "b")
    models.load()
    assert models.names == ["a", "b"]
    assert models.get() is models.get("a") is models.get("org/model-a")
    assert models.get("b") is not models.get("a")
    models.close()


def test_a_model_that_is_not_served_is_told_with_those_that_are() -> None:
    models = served("a", "b")
    models.load()
    with pytest.raises(UnknownServedModelError, match="'c' is not served here; served: a, b"):
        models.get("c")
    models.close()


def test_nothing_is_served_while_models_load() -> None:
    with pytest.raises(NotReadyError, match="still loading"):
        served("a").get("a")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_preparing_a_picture_yields_to_forwards(
    service: EmbeddingService, gate: Turnstile, tmp_path: Path
) -> None:
    """A decoder at a forward's priority costs the forward half its speed where both share the cores."""
    seen: list[int] = []
    (tmp_path / "a.png").write_bytes(png())

    class Spy(os.PathLike[str]):
        def __fspath__(self) -> str:
            seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return str(tmp_path / "a.png")

    gate.open()
    asyncio.run(service.get_embedding(Spy()))
    lowest = 19  # met where the tests themselves run under `nice`
    assert set(seen) == {min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, lowest)}


def test_several_failures_leave_no_complaint_behind(service: EmbeddingService, gate: Turnstile) -> None:
    """One error is raised; asyncio must not report the other as overlooked."""
    complaints: list[dict[str, object]] = []

    async def embed() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(ImageError):
            await service.embed_images([b"broken", b"broken too", b"and this"])
        await asyncio.sleep(0.05)
        gc.collect()

    gate.open()
    asyncio.run(embed())
    assert complaints == []
