"""Carries out `sightline bench serve`: starts servers, loads them in turns, reports. Does not know HTTP."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from sightline.cli.bench.serve import interruptible, report
from sightline.cli.bench.serve.contenders import Contender
from sightline.cli.bench.serve.exchange import Lines
from sightline.cli.bench.serve.loops import Crowd, Sender
from sightline.cli.bench.serve.shapes import Envelope
from sightline.cli.bench.serve.tally import Tally, together
from sightline.cli.bench.serve.targets import Target, started
from sightline.cli.bench.serve.traffic import Deck, Mixture, Traffic, drawn, from_folder
from sightline.cli.bench.serve.values import Rate, Shares
from sightline.cli.screen import note, show_json
from sightline.domain.errors import InvalidRequestError, TargetError


@dataclass(frozen=True)
class Plan:
    """What to send, and when. rate: of the open loop; None: the closed loop. start_s: given to a child."""

    mixture: Mixture
    pictures: Path | None
    sizes: Shares
    crowd: Crowd
    rate: Rate | None
    rounds: int
    start_s: float


@dataclass(frozen=True)
class Found:
    """tallies: by server, one a round. peak: of the closed loop that came first, where the rate is by it."""

    tallies: Mapping[str, Sequence[Tally]]
    rate_per_s: float | None
    peak: Tally | None


def run(plan: Plan, contenders: Sequence[Contender], *, as_json: bool) -> None:
    """Load one server, or several in turns, and print.

    Raises InvalidRequestError: a server cannot be asked so; TargetError: it does not start or answer.
    """
    envelopes = [_envelopes(contender, plan.mixture) for contender in contenders]
    deck = from_folder(plan.pictures) if plan.pictures else drawn(plan.sizes)
    with ExitStack() as stack:
        targets = []
        for contender, around in zip(contenders, envelopes, strict=True):
            address, child = stack.enter_context(started(contender.site))
            headers = {"x-timeout-ms": f"{plan.crowd.timeout_s * 1000:.0f}", **contender.headers}
            targets.append(Target(contender.site.name, address, around, headers, child))
        found = interruptible.run(_load(plan, deck, targets))
    if as_json:
        show_json(_document(plan, found, targets))
    else:
        _show(plan, found)


def _envelopes(contender: Contender, mixture: Mixture) -> dict[str, Envelope]:
    name, forms = contender.site.name, contender.shape.forms
    if missing := mixture.mix.keys() - forms.keys():
        raise InvalidRequestError(
            f"{name} is asked for {' and '.join(forms)} on this route, not for {', '.join(sorted(missing))}; "
            "choose another --mix, --route or --peer-shape"
        )
    envelopes = {kind: forms[kind].envelope(contender.model) for kind in mixture.mix}
    if mixture.items > 1 and not all(envelope.takes_lists for envelope in envelopes.values()):
        raise InvalidRequestError(
            f"{name} takes one item a request on this route, not {mixture.items}; choose a route for lists, "
            "as /v1/embeddings, or leave out --items"
        )
    return envelopes


async def _load(plan: Plan, deck: Deck, targets: Sequence[Target]) -> Found:
    for target in targets:
        traffic = Traffic(target.envelopes, deck, plan.mixture)
        for kind in target.envelopes:
            await target.answers(traffic.one(kind), plan.start_s if target.child else 0)
    rate_per_s, peak = None, None
    if plan.rate:
        if plan.rate.is_multiple:
            peak = await _turn(replace(plan, crowd=replace(plan.crowd, leaving=0.0)), deck, targets[0])
            if not peak.good:
                raise TargetError(f"{targets[0].name} has no peak to multiply: no answer came in time")
        rate_per_s = plan.rate.per_s(peak.good / peak.seconds if peak else 0)
    tallies: dict[str, list[Tally]] = {target.name: [] for target in targets}
    for _ in range(plan.rounds):
        for target in targets:
            tallies[target.name].append(await _turn(plan, deck, target, rate_per_s))
    return Found(tallies, rate_per_s, peak)


async def _turn(plan: Plan, deck: Deck, target: Target, rate_per_s: float | None = None) -> Tally:
    """One server's turn: the closed loop, or the open one at a rate."""
    how = f"{plan.crowd.clients} clients" if rate_per_s is None else f"{rate_per_s:.1f} requests/s"
    note(f"{target.name}: {how}, {plan.crowd.warm_up_s:g} + {plan.crowd.seconds:g} s")
    lines = Lines(target.address)
    sender = Sender(lines, Traffic(target.envelopes, deck, plan.mixture), target.head, crowd=plan.crowd)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    tally = await (sender.closed_loop() if rate_per_s is None else sender.open_loop(rate_per_s))
    tally.cpu_s, tally.wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    lines.close()
    if target.child and not target.child.is_alive:
        note(f"{target.name} ended under this load; its last words: {target.child.last_words()}")
    return tally


def _document(plan: Plan, found: Found, targets: Sequence[Target]) -> dict[str, object]:
    servers = {}
    for target in targets:
        rounds = found.tallies[target.name]
        servers[target.name] = {
            "url": str(target.address),
            **report.told(together(rounds)),
            "rounds": [report.told(tally) for tally in rounds],
        }
    totals = [report.figures(together(rounds)) for rounds in found.tallies.values()]
    return {
        "load": _described(plan, found),
        "peak": report.told(found.peak) if found.peak else None,
        "servers": servers,
        "ratios": report.ratios(*totals) if len(totals) == 2 else None,
    }


def _described(plan: Plan, found: Found) -> dict[str, object]:
    """Under what the numbers hold."""
    crowd, mixture = plan.crowd, plan.mixture
    loop = {"clients": crowd.clients} if found.rate_per_s is None else {"rate_per_s": found.rate_per_s}
    pictures = {"pictures": str(plan.pictures)} if plan.pictures else {"sizes": dict(plan.sizes)}
    return {
        **loop,
        "seconds": crowd.seconds,
        "warm_up_s": crowd.warm_up_s,
        "rounds": plan.rounds,
        "timeout_ms": crowd.timeout_s * 1000,
        "mix": dict(mixture.mix),
        "items": mixture.items,
        **pictures,
        "repeat": mixture.is_repeated,
        "cancel": crowd.leaving,
        "seed": mixture.seed,
        "cores": os.cpu_count(),
        "platform": sys.platform,
    }


def _show(plan: Plan, found: Found) -> None:
    crowd = plan.crowd
    how = f"{crowd.clients} clients" if found.rate_per_s is None else f"{found.rate_per_s:.1f} requests/s"
    title = f"{how}, {plan.rounds} x {crowd.seconds:g} s, deadline {crowd.timeout_s * 1000:.0f} ms"
    report.show(title, {name: together(rounds) for name, rounds in found.tallies.items()})
    if found.peak:
        peak = found.peak.good / found.peak.seconds
        typer.echo(f"the peak, with {crowd.clients} clients that wait for answers: goodput {peak:.1f}/s")
