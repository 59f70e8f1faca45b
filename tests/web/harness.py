"""What the tests of the canvas share: a server to look at, the canvas built, and fewer words."""

from __future__ import annotations

import importlib.util
import json
import os
import urllib.request
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any, NoReturn

import pytest
from client import Process

ROOT = Path(__file__).resolve().parents[2]


def unable(reason: str) -> NoReturn:
    """Skip what this machine cannot do; in CI it has to be able to."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def build_tool() -> ModuleType:
    """``web_ui/canvas.py``, which builds the canvas and calls npm."""
    spec = importlib.util.spec_from_file_location("canvas", ROOT / "web_ui" / "canvas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Served(Process):
    """``musegraph serve`` with a home, data and a cache of its own, and a way to ask it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        kept = {f"XDG_{name}_HOME": "" for name in ("CACHE", "CONFIG", "DATA", "STATE")}
        super().__init__(folder, *arguments, HOME=str(home), **kept)

    @property
    def address(self) -> str:
        """The address that it prints, which brings the token along."""
        return f"{self.url}/#t={self.token}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "X-Requested-By": "musegraph"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            read = answer.read()
            return json.loads(read) if answer.headers.get_content_subtype() == "json" else read

    def carry_out(self, workflow: Any, seconds: float = 60) -> dict[str, Any]:
        """Submit a workflow, as a program beside the page would, and wait for its end."""
        run = self.ask("POST", "/api/runs", {"workflow": workflow})["id"]
        end = monotonic() + seconds
        while True:
            found: dict[str, Any] = self.ask("GET", f"/api/runs/{run}")
            if found["state"] in ("done", "failed", "cancelled"):
                return found
            assert monotonic() < end, found
            sleep(0.02)


def press(page: Any, *keys: str) -> None:
    """Press keys one after the other: ``press(page, "Control+k", "Enter")``."""
    for key in keys:
        page.keyboard.press(key)
