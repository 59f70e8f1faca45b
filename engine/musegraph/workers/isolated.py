"""The process of an isolated pack; boot.py comes here once it has given up the rest of the machine.

One call at a time. What the run says meanwhile is looked for when the node asks its context, so a
call costs no switch between threads.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Mapping
from importlib.metadata import EntryPoint, PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any

from musegraph.errors import Cancelled, MusegraphError, NodeError
from musegraph.garbage import settle
from musegraph.isolation.wire import Closed, Frame, Line, Parcel
from musegraph.limits import Bound, bounded
from musegraph.migration import Migration
from musegraph.node import NodeType
from musegraph.node_context import Context, Weights
from musegraph.pack import GROUP, Pack, Registry
from musegraph.promised import awaited, outputs_of
from musegraph.shortage import shortage_of
from musegraph.values import Media, Reference
from musegraph.values.codec import to_json

OFTEN = 0.02
SEEN = 0.3
"""Seconds between two signs of progress, and between two previews."""


def main(job: Mapping[str, Any]) -> None:
    """Open the pack, say what it is, and answer until the run is gone."""
    line = Line(socket.socket(fileno=job["handle"]))
    registry = Registry(entries=[_Entry(job)])  # type: ignore[list-item]
    pack = registry.pack(job["name"])
    try:
        if pack is None:
            line.send({"is": "failed", "why": registry.failures[job["name"]]})
            return
        if pack.loaders:
            line.send({"is": "failed", "why": _LOADERS.format(loaders=", ".join(pack.loaders))})
            return
        line.send({"is": "ready", "pack": described(pack)})
        del registry
        settle()
        while True:
            _answer(line, pack, line.receive(strange=False))
    except (Closed, OSError):
        os._exit(0)  # threads that still compute have nobody left to answer


class _Entry:
    """Stands in for the entry point of the pack: which has a version, and no metadata here."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.name, self.value, self.version = job["name"], job["entry"], job["version"]
        self.module = str(job["entry"]).partition(":")[0]

    def load(self) -> Any:
        return EntryPoint(self.name, self.value, GROUP).load()


def described(pack: Pack) -> dict[str, Any]:
    """What is to be known of a pack where its code is not."""
    return {
        "name": pack.name,
        "version": pack.version,
        "title": pack.title,
        "texts": str(pack.texts or ""),
        "models": str(pack.models or ""),
        "nodes": [facts_of(kind) for kind in pack.types.values()],
        "migrations": [_steps(one) for one in pack.migrations],
    }


def _steps(one: Migration) -> dict[str, Any]:
    """A migration without its functions, of which the names say where there is one."""
    return {
        "to": one.to,
        "node": one.node,
        "dropped": list(one.dropped),
        "renamed": dict(one.renamed),
        "split": list(one.split),
        "changed": list(one.changed),
        "values": to_json(dict(one.values)),
        "outputs": dict(one.outputs),
        "becomes": one.becomes,
    }


def facts_of(kind: NodeType) -> dict[str, Any]:
    """What a node type is beside its schema."""
    schema = kind.schema()
    if kind.numeric:  # the versions of the libraries here, which may be others than in the run
        schema["version"] = " ".join([str(kind.version), *map(_version, kind.libraries)])
    return {
        "schema": schema,
        "single": kind.single,
        "numeric": kind.numeric,
        "uses": kind.uses,
        "frugal": kind.frugal,
    }


def _version(library: str) -> str:
    try:
        return f"{library}={version(library)}"
    except PackageNotFoundError:
        return f"{library}=none"


def _answer(line: Line, pack: Pack, frame: Frame) -> None:
    """Carry out a call, and say what came of it."""
    told = frame.message
    if told["do"] not in ("call", "migrate"):
        return  # a cancellation that came too late
    number, parcel = told["number"], Parcel()
    try:
        migrates = told["do"] == "migrate"
        outputs = _changed(pack, told) if migrates else _made(line, pack.types[told["node"]], frame)
        made: dict[str, Any] = {"is": "done"}
        made["outputs"] = {name: parcel.put(value) for name, value in outputs.items()}
        del outputs
    except Closed:
        raise
    except BaseException as error:  # noqa: BLE001  a node is someone else's code
        made, parcel = {"is": "failed", **_why(error)}, Parcel()
    frame.area = None
    if frame.held is not None and frame.held() is not None:
        made["kept"] = True
    line.send({**made, "number": number}, parcel)


def _why(error: BaseException) -> dict[str, str]:
    if isinstance(error, Cancelled):
        return {"kind": "cancelled", "why": str(error)}
    if shortage_of(error) is not None:
        return {"kind": "memory", "why": str(error)}
    if isinstance(error, MusegraphError):
        return {"kind": "refused", "why": str(error)}
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" ({Path(at.tb_frame.f_code.co_filename).name}, line {at.tb_lineno})" if at else ""
    lines = str(error).strip().splitlines()
    return {
        "kind": "defect",
        "why": f"{type(error).__name__}: {lines[0] if lines else 'no message'}{place}",
    }


def _changed(pack: Pack, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a migration makes of a value."""
    one, name = pack.migrations[told["at"]], told["name"]
    made = (one.split if told["part"] == "split" else one.changed)[name](told["value"])
    return {"out": dict(made) if isinstance(made, Mapping) else made}


def _made(line: Line, kind: NodeType, frame: Frame) -> dict[str, Any]:
    """The outputs of a node for the inputs in a message."""
    told = frame.message
    given = {name: _given(kind, name, frame, one) for name, one in told["inputs"].items()}
    if kind.context is not None:
        given[kind.context] = _Context(line, told)
    with bounded(Bound(*told["memory"]) if told["memory"] else None):
        made = kind.function(**given)
        return outputs_of(kind, awaited(made) if kind.is_async else made)


def _given(kind: NodeType, name: str, frame: Frame, told: Any) -> Any:
    from musegraph.plan.literals import Refused, check

    value = frame.value(told, strange=False)
    port = kind.inputs[name]
    if port.generic or port.takes_as_it_is(value) or isinstance(value, Media):
        return value
    if not (port.type.item or port.type).is_json:
        return value
    try:
        return check(port, value)
    except Refused as error:
        raise NodeError(f"port {name!r}: {error}") from None


class _Context(Context):
    """The context of a call whose run is in another process."""

    def __init__(self, line: Line, told: Mapping[str, Any]) -> None:
        self._line = line
        self._number = told["number"]
        self.device = told["device"]
        self.frugal = told["frugal"]
        self._sent = self._shown = 0.0

    def _send(self, kind: str, parcel: Parcel | None = None, **more: Any) -> None:
        self._line.send({"is": kind, "number": self._number, **more}, parcel)

    def progress(
        self, done: float, total: float = 1.0, *, text: str | None = None, preview: Any = None
    ) -> None:
        self.check()
        now = monotonic()
        if now - self._sent < OFTEN and text is None and done < total:
            return
        self._sent = now
        parcel, shown = Parcel(), None
        if preview is not None and now - self._shown >= SEEN:
            shown, self._shown = parcel.put(preview() if callable(preview) else preview), now
        self._send("progress", parcel, done=done, total=total, text=text, preview=shown)

    def check(self) -> None:
        if select.select([self._line.end], [], [], 0)[0]:
            self._heard(self._line.receive(strange=False))

    def _heard(self, frame: Frame) -> dict[str, Any]:
        if frame.message["do"] == "cancel" and frame.message["number"] == self._number:
            raise Cancelled
        return frame.message

    def stream(self, text: str) -> None:
        self.progress(0.0, 0.0, text=text)

    def warn(self, text: str) -> None:
        self._send("warn", text=text)

    def note(self, text: str) -> None:
        self._send("note", text=text)

    def _ask(self, what: str, name: str) -> Any:
        self._send("ask", what=what, name=name)
        while True:
            told = self._heard(self._line.receive(strange=False))
            if told["do"] == "answer":
                if "refused" in told:
                    raise NodeError(told["refused"])
                return told["answer"]

    def secret(self, name: str) -> str:
        return str(self._ask("secret", name))

    def weights(self, source: str) -> Weights:
        path, digest, found = self._ask("weights", source)
        return Weights(Path(path), digest, found)

    def load(self, ref: Reference) -> Any:
        raise NodeError(_ELSEWHERE.format(what=f"the model {ref.source!r} cannot be lent"))

    def keep(self, name: str, file: Path) -> Weights:
        raise NodeError(_ELSEWHERE.format(what=f"the weights {name!r} cannot be kept"))

    def bench(self, name: str) -> Path:
        raise NodeError(_ELSEWHERE.format(what=f"the folder {name!r} cannot be given"))


_LOADERS = (
    "it brings loaders of models ({loaders}), whose models live in the process of the run; install "
    "it without --isolated if you trust it"
)
_ELSEWHERE = (
    "{what} to a pack in a process of its own: it reads models by ctx.weights() and keeps nothing; "
    "install it without --isolated if you trust it"
)
