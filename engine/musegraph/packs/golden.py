"""Golden results: what the nodes of a pack gave when somebody looked and said that it was right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from musegraph.errors import MusegraphError, PackError
from musegraph.packs.calls import Came
from musegraph.packs.project import Project
from musegraph.values import Media
from musegraph.values.codec import decode, encode, tensors_of

FOLDER = "tests/golden"
LIST = "results.json"
MOST = 1 << 20
"""Bytes of a result that is kept as it is; of a larger one only its digest is."""
CLOSE = 2 / 255
"""How far a number of a tensor may be from the golden one: another machine rounds differently."""


class Golden:
    """The golden results of a project, and how those of today stand beside them."""

    def __init__(self, project: Project) -> None:
        self.folder = project.root / FOLDER
        self.known = self._read()
        self.today: dict[str, dict[str, str]] = {}
        self.different: dict[str, str] = {}
        self.close: list[str] = []
        self.new: list[str] = []
        self.gone: list[str] = []

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            read = json.loads((self.folder / LIST).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise PackError(
                f"{FOLDER}/{LIST} cannot be read: {error}; "
                "'musegraph pack test --update' writes it anew"
            ) from None
        return dict(read)

    def hold(self, name: str, came: Came, update: bool) -> None:
        """Hold the results of a case against the golden ones."""
        self.today[name] = {port: id for port, id in came.identities().items() if id is not None}
        known = self.known.get(name)
        if known is None:
            self.new.append(name)
        for port, identity in self.today[name].items():
            value = came.value(port)
            place = self._place(name, port)
            if update:
                self._keep(place, value)
            elif known is not None and known.get(port) != identity:
                self._compare(f"{name}: {port}", known.get(port), identity, value, place)
        for port in sorted((known or {}).keys() - self.today[name].keys()):
            self.different[f"{name}: {port}"] = "had a result, and now has none"

    def _compare(self, what: str, old: str | None, new: str, value: Any, place: Path) -> None:
        if old is None:
            self.different[what] = "is new; say --update if it is right"
            return
        if not isinstance(value, Media):
            self.different[what] = f"was {_short(old)} and is {_short(new)}"
            return
        why = _how_far(value, place)
        if why:
            self.different[what] = why
        else:
            self.close.append(what)

    def _place(self, name: str, port: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}-{port}.safetensors"

    def _keep(self, place: Path, value: Any) -> None:
        if not isinstance(value, Media):
            return
        data = b"".join(encode(value))
        if len(data) > MOST:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def finish(self, update: bool) -> None:
        """Write today's results down, if they are to be the golden ones; else say what is gone."""
        if not update:
            self.gone = sorted(self.known.keys() - self.today.keys())
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {self._place(name, port) for name, ports in self.today.items() for port in ports}
        for file in self.folder.glob("*.safetensors"):
            if file not in kept:
                file.unlink()
        text = json.dumps(self.today, indent=1, sort_keys=True, ensure_ascii=False)
        (self.folder / LIST).write_text(text + "\n", "utf-8")
        self.different.clear()

    def json(self) -> dict[str, Any]:
        return {
            "there": bool(self.known),
            "held": len(self.today),
            "different": self.different,
            "close": self.close,
            "new": self.new,
            "gone": self.gone,
        }


def _how_far(value: Media, place: Path) -> str:
    """How a value differs from the one in a file, in words; empty if it is close enough."""
    if not place.is_file():
        return "is different, and the golden one was too large to be kept"
    try:
        golden = decode(place.read_bytes())
    except (OSError, MusegraphError) as error:
        return f"cannot be held against {place.name}: {error}"
    now, then = tensors_of(value), tensors_of(golden)
    if [tuple(one.shape) for one in now] != [tuple(one.shape) for one in then]:
        was, is_ = (", ".join(str(list(one.shape)) for one in side) for side in (then, now))
        return f"has another shape: it was {was}, and is {is_}"
    if not now:
        return "is different"
    far = max(
        float((a.double() - b.double()).abs().max()) if a.numel() else 0.0
        for a, b in zip(now, then, strict=True)
    )
    return "" if far <= CLOSE else f"is different: by as much as {far:.3g} in a place"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
