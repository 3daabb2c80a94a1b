"""Carries out `sightline doctor`: runs the checks, prints the findings. Does not know what they look at."""

from collections.abc import Iterator
from dataclasses import asdict

import typer

from sightline.cli.doctor.checks import CHECKS, Finding
from sightline.cli.doctor.library import Wish, library
from sightline.cli.loading import settings_for
from sightline.cli.screen import show_json
from sightline.domain.errors import SettingsError
from sightline.environment import read_settings

COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def run(port: int | None, wish: Wish, *, as_json: bool) -> bool:
    """Print every finding as it comes. False if one failed."""
    findings: list[Finding] = []
    for finding in _findings(port, wish):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        show_json([asdict(finding) for finding in findings])
    return all(finding.state != "fail" for finding in findings)


def _findings(port: int | None, wish: Wish) -> Iterator[Finding]:
    """The settings come first: if they are refused, the rest is examined under the defaults."""
    chosen = {"port": port}
    try:
        settings = settings_for(chosen)
        yield Finding("settings", "ok", f"models {', '.join(settings.models)}, engine {settings.engine}")
    except SettingsError as error:
        settings = read_settings({}, chosen)
        yield Finding(
            "settings", "fail", str(error), "correct the environment; what follows assumes the defaults"
        )
    for check in CHECKS:
        yield from check(settings)
    yield from library(settings, wish)


def _show(finding: Finding) -> None:
    state = typer.style(f"{finding.state:<4}", fg=COLOURS[finding.state], bold=finding.state == "fail")
    advice = f"; {finding.advice}" if finding.advice else ""
    typer.echo(f"{state}  {finding.name:<10}  {finding.found}{advice}")
