"""A command's options and the environment to a loaded model. Does not know what the command does with it."""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sightline.cli.failures import DEBUG
from sightline.cli.options import Chosen
from sightline.cli.screen import note
from sightline.environment import read_settings
from sightline.settings import Settings

if TYPE_CHECKING:
    from sightline.services.model import Model


def settings_for(chosen: Mapping[str, object]) -> Settings:
    """The settings, with a command's options before the environment. Raises SettingsError."""
    environ = {name: value for name, value in os.environ.items() if name != DEBUG}  # ours, not the server's
    return read_settings(environ, chosen)


def load_chosen(chosen: Chosen) -> "Model":
    """The model that the options and the environment ask for, warm, announced on stderr.

    Raises SettingsError, ModelError, EngineError.
    """
    from sightline.bootstrap import load_as  # takes a second, and a client of a server loads nothing

    settings = settings_for({"engine": chosen.engine, "precision": chosen.precision, "device": chosen.device})
    started = time.monotonic()
    model = load_as(settings, chosen.model or settings.models[0])
    loaded = time.monotonic()
    model.warm_up()
    note(
        f"{model.card.name}: engine {model.engine.name}, {model.engine.precision} on {model.engine.device}; "
        f"loaded in {loaded - started:.2f} s, warm in {time.monotonic() - loaded:.2f} s"
    )
    return model
