"""Jobs: listed, asked, cancelled, waited for. Does not know what they do."""

from collections.abc import Callable

from sightline.client.answers import Job, of, read
from sightline.client.calls.library import describe
from sightline.client.exchange import answered, json_of
from sightline.client.steps import Pause, Steps, get, post
from sightline.domain.errors import ServerRefusedError

PAGE = 1000
LOOK_S = 0.1  # between the first two looks; longer and longer up to MAX_LOOK_S
MAX_LOOK_S = 1.0
LAG_S = 60.0  # a replay of 100,000 vectors takes half as long


def jobs(collection: str | None = None) -> Steps[list[Job]]:
    """All jobs, or those of a collection, the newest first."""
    found: list[Job] = []
    offset: int | None = 0
    while offset is not None:
        asked = get("/v1/jobs", collection=collection, offset=offset, limit=PAGE)
        page = json_of((yield from answered(asked)))
        found += [read(Job, facts) for facts in of(page, "jobs")]
        offset = of(page, "next_offset")
    return found


def job(id: int) -> Steps[Job]:
    """How far a job is."""
    return read(Job, json_of((yield from answered(get(f"/v1/jobs/{id}")))))


def cancel(job: Job | int) -> Steps[Job]:
    """End a job; what is kept stays."""
    return read(Job, json_of((yield from answered(post(f"/v1/jobs/{number(job)}/cancel", is_safe=True)))))


def wait(job: Job | int, *, progress: Callable[[Job], object] | None = None) -> Steps[Job]:
    """The job as it is when nothing more comes of it: look at its `state`, it may have failed.

    Searches find what it brought by then, or a minute after, if the store is slow. progress: called with the
    job as it is now, about once a second. A server that starts again meanwhile goes on with the job.
    """
    look_s = LOOK_S
    while True:
        now = read(Job, json_of((yield from answered(get(f"/v1/jobs/{number(job)}")))))
        if progress is not None:
            progress(now)
        if now.is_over:
            break
        yield Pause(look_s)
        look_s = min(MAX_LOOK_S, 1.5 * look_s)
    yield from _caught_up(now.collection)
    return now


def _caught_up(collection: str) -> Steps[None]:
    """Until the view has what the record has. One that is deleted meanwhile has nothing to wait for."""
    for _ in range(int(LAG_S / LOOK_S)):
        try:
            found = yield from describe(collection)
        except ServerRefusedError as error:
            if error.code == "collection_not_found":
                return
            raise
        if not found.store.get("lag") or found.store.get("trouble"):
            return
        yield Pause(LOOK_S)


def number(job: Job | int) -> int:
    return job.id if isinstance(job, Job) else job
