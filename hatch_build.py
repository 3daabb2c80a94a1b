"""Builds the page into a wheel. Knows npm's two commands, and not what is built.

Without npm, or without ui/, the wheel is made without the page: its server says how to get it.
"""

import os
import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        ui, npm = Path(self.root) / "ui", shutil.which("npm")
        if version == "editable" or not ui.is_dir():  # a checkout builds it by `make ui`
            return
        if npm is None:
            self.app.display_warning(
                "npm is not installed: the wheel has no page; Node 20.19 or newer brings it"
            )
            return
        environment = os.environ | {"npm_config_update_notifier": "false"}
        for command in (["ci"], ["run", "build"]):
            done = subprocess.run([npm, *command], cwd=ui, env=environment, check=False)  # noqa: S603
            if done.returncode:
                self.app.display_warning(f"npm {' '.join(command)} failed: the wheel has no page")
                return
