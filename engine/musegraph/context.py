"""Where a call runs, and what its node may ask for there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from musegraph.device import device
from musegraph.errors import Cancelled, NodeError
from musegraph.events import Event, StepProgress, StepStored, Warned
from musegraph.limits import Bound
from musegraph.models import Models
from musegraph.node import NodeType
from musegraph.node_context import Context, Weights
from musegraph.secrets import secret, variable
from musegraph.shortage import Relief
from musegraph.store import Entry, Said, Store
from musegraph.terms import Terms
from musegraph.values import Reference

Emit = Callable[[Event], None]


class Running(Protocol):
    """A call that is being run: its node type, and the entries that its links bring."""

    type: NodeType
    linked: Mapping[str, Entry]


@dataclass(slots=True)
class Site:
    """What a call needs of the place where it runs."""

    store: Store
    models: Models
    emit: Emit
    cancel: threading.Event
    terms: Terms = field(default_factory=Terms)
    durable: frozenset[str] = frozenset()
    """Steps whose results go to disk whatever they cost."""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """For a step that waited for lost data: the values made again, by identity."""

    running: dict[str, Running] = field(default_factory=dict)
    """The calls that are inside their nodes, by step."""
    climbing: set[str] = field(default_factory=set)
    """Those of them whose memory ran out: they make room, or wait until they may."""
    alone: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one that makes room and tries again."""
    reliefs: dict[str, Relief] = field(default_factory=dict)
    """What was done for want of memory, by step."""

    said: dict[str, Said] = field(default_factory=dict)
    """What nodes said of their work, by step."""

    told: set[str] = field(default_factory=set)
    """Steps that were said to have started because they are made with another one."""
    beside: Callable[[Any], Iterable[tuple[Any, dict[str, Entry]]]] = lambda step: ()
    """The steps of the same type that are ready to run too, with what their links bring."""

    secrets: set[str] = field(default_factory=set)
    """What nodes asked for by name; it is never shown."""

    def check(self, step: str) -> None:
        """Raise what a step is to stop for, if it is."""
        if self.cancel.is_set():
            raise Cancelled
        if (stopped := self.terms.halted.get(step)) is not None:
            raise stopped

    def concealed(self, text: str) -> str:
        """A text without the secrets that were asked for in this run."""
        for hidden in self.secrets:
            text = text.replace(hidden, "•••")
        return text

    def repeat(self, told: Mapping[str, Said]) -> None:
        """Say again, by step, what nodes said that made results which are in the store."""
        for step, said in told.items():
            self.said.setdefault(step, Said()).add(said)
            for text in said.warnings:
                self.emit(Warned(text, step))

    def stored(self, step: str) -> Callable[[], None]:
        """What the store calls once the results of a step are on disk."""
        return lambda: self.emit(StepStored(step))


class RunContext(Context):
    """The context of a step that is being run."""

    def __init__(self, step: str, site: Site) -> None:
        self._step = step
        self._site = site
        self.device = device()
        self.item: int | None = None
        self.items: int | None = None
        self.frugal = False
        self.offload = False
        """Whether models are asked for whose weights stay in host memory."""
        self.leased: list[Reference] = []
        """The models that were asked for, the last one last."""
        self.said: Said | None = None
        """What the call that is on said of its work."""

    @property
    def bound(self) -> Bound | None:
        """The limit of memory that is set for steps of this type here."""
        return self._site.terms.limits.memory(self._site.running[self._step].type.id)

    def progress(
        self, done: float, total: float = 1.0, *, text: str | None = None, preview: Any = None
    ) -> None:
        self.check()
        text = self._site.concealed(text) if text else text
        preview = self.shown(preview)
        self._site.emit(StepProgress(self._step, done, total, text, preview, self.item, self.items))

    def shown(self, preview: Any) -> Any:
        """What is handed on of a preview."""
        return None if preview is None else self._site.terms.look(self._step, preview)

    def check(self) -> None:
        self._site.check(self._step)

    def stream(self, text: str) -> None:
        self.progress(0.0, 0.0, text=text)

    def warn(self, text: str) -> None:
        text = self._site.concealed(text)
        for said in self._told():
            said.warn(text)
        self._site.emit(Warned(text, self._step))

    def note(self, text: str) -> None:
        text = self._site.concealed(text)
        for said in self._told():
            said.note(text)

    def _told(self) -> tuple[Said, ...]:
        """Where it is taken in what the node says: of this call, and of the whole step."""
        self.said = self.said or Said()
        return self.said, self._site.said.setdefault(self._step, Said())

    def load(self, ref: Reference) -> AbstractContextManager[Any]:
        self.check()
        self.leased = [*(known for known in self.leased if known != ref), ref]
        return self._site.models.lease(ref, self.device, self.check, self.offload)

    def weights(self, source: str) -> Weights:
        return self._site.models.weights(source)

    def keep(self, name: str, file: Path) -> Weights:
        return self._site.models.keep(name, file)

    def bench(self, name: str) -> Path:
        return self._site.models.bench(name)

    def secret(self, name: str) -> str:
        value = secret(name)
        if value is None:
            raise NodeError(f"the secret {name!r} is not set; put it into {variable(name)}")
        if value:
            self._site.secrets.add(value)
        return value
