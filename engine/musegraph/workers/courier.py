"""Carries a worker's events to the server: in batches, progress only as it is now."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from time import perf_counter
from typing import Any

from musegraph.events import Event, StepDone, StepFailed, StepProgress, StepSkipped, StepStarted
from musegraph.workers.board import Board
from musegraph.workers.messages import pack

PAUSE = 0.005
"""Seconds for which events are collected after some were sent; the first ones go at once."""

LOOK = 0.25
"""Seconds between two previews of a step."""

PREVIEW = 320
"""Pixels of a preview's longer side."""


class Courier:
    """Sends messages over a pipe that several threads write to."""

    def __init__(self, send: Callable[[bytes], object], board: Board | None = None) -> None:
        self._write = send
        self._board = board
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._states: list[dict[str, Any]] = []
        self._progress: dict[str, StepProgress] = {}
        self._looked: dict[str, float] = {}
        self._pipe = threading.Lock()
        self.run = ""
        threading.Thread(target=self._deliver, name="courier", daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message now, after the events that came before it."""
        self.flush()
        with self._pipe:
            self._write(pack(message))

    def begin(self, run: str) -> None:
        """What comes now is of this run."""
        self.run = run
        if self._board is not None:
            self._board.clear()

    def event(self, event: Event) -> None:
        """Take an event of the run that is being carried out."""
        if self._board is not None:
            if isinstance(event, StepStarted):
                self._board.begin(event.node)
            elif isinstance(event, (StepDone, StepFailed, StepSkipped)):
                self._board.end(event.node)
        with self._lock:
            if isinstance(event, StepProgress):
                if event.preview is None and (unsent := self._progress.get(event.node)):
                    event.preview = unsent.preview
                self._progress[event.node] = event
            else:
                node = getattr(event, "node", None)
                if node is not None and (last := self._progress.pop(node, None)) is not None:
                    self._states.append(last.json())
                self._states.append(event.json())
        self._wake.set()

    def flush(self) -> None:
        """Send the events that were collected."""
        with self._pipe:
            with self._lock:
                states, self._states = self._states, []
                progress, self._progress = self._progress, {}
            try:
                made = states + [self._told(event) for event in progress.values()]
                packed = pack({"is": "events", "run": self.run, "events": made}) if made else b""
            except MemoryError:
                with self._lock:
                    self._states = states + self._states
                raise
            if packed:
                self._write(packed)

    def _deliver(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self.flush()
            except MemoryError:  # a node at its limit leaves nothing for a moment
                self._wake.set()
            threading.Event().wait(PAUSE)

    def look(self, step: str, preview: Any) -> Any:
        """A picture of what a step shows, if it is time for one; called on the step's thread."""
        now = perf_counter()
        if now - self._looked.get(step, -LOOK) < LOOK:
            return None
        self._looked[step] = now
        try:
            return preview() if callable(preview) else preview
        except Exception:  # noqa: BLE001  a node's code, and nothing hangs on a preview
            return None

    def _told(self, event: StepProgress) -> dict[str, Any]:
        made = event.json()
        if event.preview is not None:
            try:
                made["preview"] = picture(event.preview)
            except Exception:  # noqa: BLE001  it may be no picture at all
                made.pop("preview", None)
        return made


def picture(image: Any) -> str:
    """A preview as the address of a small WEBP that holds itself."""
    from PIL import Image as Pillow

    pixels = (image.data[0].clamp(0, 1) * 255).round().byte().cpu().numpy()
    small = Pillow.fromarray(pixels)
    small.thumbnail((PREVIEW, PREVIEW))
    stream = BytesIO()
    small.save(stream, format="WEBP", quality=70)
    return "data:image/webp;base64," + b64encode(stream.getvalue()).decode()
