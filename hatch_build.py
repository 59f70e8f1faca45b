"""Whoever installs Musegraph from its sources gets the canvas too, built on the way."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Canvas(BuildHookInterface):  # type: ignore[type-arg]
    """Builds what is missing or stale; an installation never fails for the canvas."""

    def dependencies(self) -> list[str]:
        canvas = self._canvas()
        return [] if canvas.is_current() else [canvas.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        canvas = self._canvas()
        if canvas.is_current():
            return
        self.app.display_waiting("Building the canvas …")
        try:
            canvas.build()
        except (canvas.NotBuilt, OSError) as error:
            self.app.display_warning(f"The canvas was not built, all else is installed:\n{error}")

    def _canvas(self) -> ModuleType:
        path = Path(self.root, "web_ui", "canvas.py")
        spec = importlib.util.spec_from_file_location("canvas", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
