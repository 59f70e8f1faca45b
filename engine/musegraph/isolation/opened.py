"""A pack that runs elsewhere, and the calls of its nodes."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

from musegraph.errors import Cancelled, MusegraphError, NodeError, PackError, Stopped
from musegraph.isolation.process import LOOK, Ended, Process, start
from musegraph.isolation.settings import Isolated, Launch
from musegraph.isolation.told import CONTEXT, migrations_of, node_type
from musegraph.isolation.wire import Broken, Frame, Parcel
from musegraph.limits import Bound
from musegraph.node_context import Context
from musegraph.sentences import sentence

GRACE = 2.0
"""Seconds in which a call that is to stop may come to its end, before its process is ended."""

MIGRATING = 10.0
"""Seconds in which a migration has to have changed a value: somebody waits for their workflow."""

TOLD = 2
"""The version of what a process tells of its pack; what was told in another is asked anew."""


def open_isolated(launch: Launch, kept: Path, digest: str) -> Isolated:
    """The pack, as its process describes it; what that told of the same bytes before is kept."""
    there = Elsewhere(launch)
    told = _kept(kept, digest)
    if told is None:
        told = there.describe()
        _keep(kept, digest, told)
    try:
        return _isolated(told, there)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PackError(
            f"what the pack {launch.name} says of itself makes no sense: {error}"
        ) from None


def _isolated(told: Mapping[str, Any], there: Elsewhere) -> Isolated:
    trees = there.launch.trees

    def inside(place: Any) -> Path | None:
        path = Path(str(place)).resolve() if place else None
        within = path is not None and any(path.is_relative_to(tree.resolve()) for tree in trees)
        return path if within else None

    return Isolated(
        name=str(told["name"]),
        version=str(told["version"]),
        title=str(told["title"]),
        functions=tuple(there.function(facts) for facts in told["nodes"]),
        migrations=tuple(migrations_of(told["migrations"], there.changed_value)),
        texts=inside(told["texts"]),
        models=inside(told["models"]),
    )


def _kept(place: Path, digest: str) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_bytes())
        return dict(found["told"]) if found["of"] == [TOLD, digest] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(place: Path, digest: str, told: Mapping[str, Any]) -> None:
    """Where it cannot be kept it is asked again the next time, and that is all."""
    new = place.with_name(f".{place.name}.{threading.get_native_id()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps({"of": [TOLD, digest], "told": told}), "utf-8")
        new.replace(place)
    except OSError:
        new.unlink(missing_ok=True)


class Elsewhere:
    """A pack's process, started when it is first needed, and the calls that go there."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._lock = threading.Lock()
        """Held by the call that is on: one at a time, so that it is known whose fault an end is."""
        self._process: Process | None = None
        self._number = 0
        self._models: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """What the pack says of itself."""
        with self._lock:
            self._process, told = start(self.launch, self._models)
        pack = told.get("pack")
        if not isinstance(pack, dict):
            raise PackError(f"the pack {self.launch.name} says nothing of itself")
        return pack

    def function(self, facts: Mapping[str, Any]) -> Callable[..., Any]:
        """What stands in for the function of a node."""
        name = str(facts["schema"]["id"])
        single = bool(facts["single"])

        def call(**given: Any) -> Any:
            context = given.pop(CONTEXT, None) or Context()
            made = self.call(name, given, context)
            return made.get("out") if single else SimpleNamespace(**made)

        call.__name__ = name.rpartition(".")[2]
        call.__doc__ = str(facts["schema"]["text"])
        call.__node__ = node_type(facts, call)  # type: ignore[attr-defined]
        return call

    def call(self, name: str, given: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """What a node gives."""
        while not self._lock.acquire(timeout=LOOK):
            context.check()
        try:
            return self._call(name, given, context)
        except _MoreModels as more:
            self._close()
            self._models = (*self._models, more.folder)
            return self._call(name, given, context)
        finally:
            self._lock.release()

    def changed_value(self, at: int, part: str, name: str, value: Any) -> Any:
        """What a function of a migration makes of a value that an older version saved."""
        with self._lock:
            process = self._running()
            self._number += 1
            message = {"at": at, "part": part, "name": name, "value": value}
            process.logs.anew()
            try:
                process.send({"do": "migrate", "number": self._number, **message})
                made = self._answer(process, Context(), None, MIGRATING)
            except Broken as error:
                raise NodeError(f"it cannot be passed to another process: {error}") from None
            return made.get("out")

    def _call(self, name: str, given: Mapping[str, Any], context: Context) -> dict[str, Any]:
        process = self._running()
        self._number += 1
        parcel, bound = Parcel(), _bound(context)
        message = {
            "do": "call",
            "number": self._number,
            "node": name,
            "inputs": {port: parcel.put(value) for port, value in given.items()},
            "device": context.device if self._on_device() else "cpu",
            "frugal": context.frugal,
            "memory": None if bound is None else [bound.name, bound.amount],
        }
        process.logs.anew()
        try:
            process.send(message, parcel)
            return self._answer(process, context, bound)
        except Broken as error:
            raise NodeError(f"its inputs cannot be passed to another process: {error}") from None
        except (Cancelled, Stopped) as error:
            if not isinstance(error, Ended):
                self._stop(process)
            raise

    def _on_device(self) -> bool:
        return self.launch.isolation.trusted or "gpu" in self.launch.permissions

    def _running(self) -> Process:
        """The process, started if it is not there."""
        if self._process is None or not self._process.running:
            self._close()
            try:
                self._process, _ = start(self.launch, self._models)
            except PackError as error:
                raise NodeError(str(error)) from None
        return self._process

    def _close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _stop(self, process: Process) -> None:
        """Have the call that is on come to an end; the process with it if it takes its time."""
        until = monotonic() + GRACE

        def late() -> None:
            if monotonic() > until:
                raise Cancelled

        with suppress(Cancelled, Ended):
            process.send({"do": "cancel", "number": self._number})
            while True:
                frame = process.next(late, GRACE, "")
                late()
                if frame.message.get("is") in _LAST and frame.message["number"] == self._number:
                    return
        self._close()

    # -- what comes back --------------------------------------------------------------------------

    def _answer(
        self, process: Process, context: Context, bound: Bound | None, most: float = math.inf
    ) -> dict[str, Any]:
        patience = min(self.launch.isolation.patience, most)
        hanging = sentence("isolated-hangs", pack=self.launch.name, seconds=f"{patience:g}")
        while True:
            frame = process.next(context.check, patience, hanging)
            told = frame.message
            try:
                if told["number"] != self._number:
                    raise Broken("an answer to what nobody asked")
                if told["is"] not in _LAST:
                    self._serve(frame, process, context)
                    continue
                if told.get("kept"):
                    process.line.renew()
                if told["is"] == "done":
                    outputs = told["outputs"].items()
                    return {str(port): frame.value(one, True) for port, one in outputs}
                why, kind = str(told["why"])[:4000], told["kind"]
            except MusegraphError as error:
                if isinstance(error, (Cancelled, Stopped)) or told.get("is") not in _LAST:
                    raise
                raise NodeError(f"what it gave cannot be read: {error}") from None
            except Broken as error:
                raise process.babble(str(error)) from None
            except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
                raise process.babble(f"{type(error).__name__} in a message") from None
            if kind == "memory" and bound is not None:
                said = f"the pack {self.launch.name} was not let take {bound.memory()}"
                raise Stopped(said, "out-of-memory")
            if kind == "memory":
                raise Stopped(process.too_much_memory(), "out-of-memory")
            raise NodeError(why)

    def _serve(self, frame: Frame, process: Process, context: Context) -> None:
        """Do what a node asks of its context while it runs."""
        told = frame.message
        match told["is"]:
            case "progress":
                text, preview = told["text"], told["preview"]
                context.progress(
                    float(told["done"]),
                    float(told["total"]),
                    text=None if text is None else str(text),
                    preview=None if preview is None else frame.value(preview, True),
                )
            case "warn":
                context.warn(str(told["text"]))
            case "note":
                context.note(str(told["text"]))
            case "ask":
                process.send({"do": "answer", **self._given(told, context)})
            case other:
                raise Broken(f"a message {str(other)[:40]!r}, which there is not")

    def _given(self, told: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """The answer to a question of a node, or why there is none."""
        name = str(told["name"])
        try:
            if told["what"] == "secret":
                if not self.launch.may_know(name):
                    raise NodeError(_ungranted("secrets", f'names = ["{name}@…"]'))
                return {"answer": context.secret(name)}
            if not self.launch.may_read_models():
                raise NodeError(_ungranted("files", 'read = ["models"]'))
            found = context.weights(name)
            self._let_read(found.path)
            return {"answer": [str(found.path), found.digest, found.source]}
        except (NodeError, MusegraphError) as error:
            if isinstance(error, (Cancelled, Stopped)):
                raise
            return {"refused": str(error)}

    def _let_read(self, path: Path) -> None:
        """See to it that a model can be read there: what may be read is fixed at the start."""
        known = (Path(place) for place in self._models)
        if not self.launch.isolation.trusted and not any(path.is_relative_to(one) for one in known):
            raise _MoreModels(str(path))


def _bound(context: Context) -> Bound | None:
    """The limit of memory that is set for such a step, beside that of the pack."""
    found = getattr(context, "bound", None)
    return found if isinstance(found, Bound) else None


_LAST = ("done", "failed")
"""What ends a call."""


class _MoreModels(Exception):
    """A call has to begin anew in a process that may read this, too."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder


def _ungranted(permission: str, how: str) -> str:
    return (
        "the pack did not ask for that in its manifest, so it is not given; its author has to write"
        f' permissions = {{ {permission} = {{ {how}, reason = "…" }} }} there'
    )
