"""Calling the function of one step: once, or once per item of the lists it maps over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from time import perf_counter
from typing import Any

from musegraph.context import RunContext, Site
from musegraph.errors import Cancelled, MusegraphError, NodeError, OutOfMemory, Stopped
from musegraph.events import StepStarted, Warned
from musegraph.fuse import Member, fuse
from musegraph.given import literal
from musegraph.halfway import import_whole
from musegraph.ladder import Ladder
from musegraph.node import NodeType
from musegraph.plan import Step
from musegraph.plan.keys import key_of, recipe_of
from musegraph.plan.literals import Refused, check
from musegraph.promised import awaited, outputs_of, versions
from musegraph.shortage import Relief, Shortage, shortage_of
from musegraph.store import DURABLE_SECONDS, NOTHING, UNSET_ENTRY, Entry, Record, Said, list_entry
from musegraph.values.canonical import digest
from musegraph.values.codec import PLAIN, own, to_host
from musegraph.workflow import sources_of

Values = dict[str, Any]
TELL = 0.1
"""Seconds between two reports of a mapped step about its items."""


class Lost(Exception):
    """The data of some sources is neither in memory nor on disk; they have to run again."""

    def __init__(self, producers: set[str]) -> None:
        self.producers = producers


class Call:
    """A step with the entries of its links: its key, and what running it gives."""

    __slots__ = (
        "calls", "identities", "items", "key", "linked", "made", "recipe", "relief", "site", "step",
        "store", "type",
    )  # fmt: skip

    def __init__(self, step: Step, linked: Mapping[str, Entry], site: Site) -> None:
        assert step.type is not None
        self.step = step
        self.type: NodeType = step.type
        self.linked = linked
        self.site = site
        self.store = site.store
        self.calls = 0
        self.made: dict[str, Any] = {}
        """The media that its calls made, by identity."""
        self.relief: Relief | None = None
        """What was done for want of memory, if it ran out."""
        self.items: dict[str, tuple[str, ...]] = {}
        """Of the lists of model sources, the identity of each by the content of its files."""
        self.identities = step.identities(linked)
        if self.type.model_ports:
            self._identify_models()
        self.recipe = recipe_of(step.prefix, self.identities)
        self.key = key_of(self.recipe, step.each) if self.type.cache else None

    def _identify_models(self) -> None:
        """Let model sources count by the content of their files, not by their names."""
        for name in self.type.model_ports:
            source = self.linked[name].json if name in self.linked else self.step.value(name)
            if isinstance(source, str):
                self.identities[name] = self.site.models.weights(source).digest
            elif isinstance(source, list):
                ids = tuple(self.site.models.weights(part).digest for part in source)
                self.items[name] = ids
                self.identities[name] = digest("list", *ids)

    def run(self) -> Record:
        """Run it; results are in the store when this returns."""
        ahead = self.site.terms.ahead
        self.site.running[self.step.id] = self
        try:
            values = {} if self.key in ahead.made else self._arguments()
            if self.step.id not in self.site.told:
                self.site.emit(StepStarted(self.step.id, self.type.id))
            if self.type.imports:
                import_whole(self.type.imports)
            if self.step.each:
                return self._run_each(values)
            if self.type.fused is not None and self.key is not None:
                if self.key not in ahead.made:
                    fuse(self.type, self._member(self.key, values), self._beside(), self.site)
                if (found := self._taken(self.key)) is not None:
                    return found
            context = RunContext(self.step.id, self.site) if self.type.context else None
            return self._once(self.key, values, context)
        finally:
            del self.site.running[self.step.id]

    # -- together with others -----------------------------------------------------------------

    def _taken(self, key: str | None) -> Record | None:
        """Keep what a call gave that was made together with another one, if it was."""
        made = self.site.terms.ahead.take(key)
        if made is None:
            return None
        self.calls += 1
        self.site.repeat({self.step.id: made.said} if made.said else {})
        return self._put(key, *made)

    def _member(self, key: str, arguments: Mapping[str, Any]) -> Member:
        given = {name: own(value) for name, value in arguments.items()}
        before = versions(given)

        def outputs(made: Any) -> dict[str, Any]:
            self._unchanged(given, before)
            return outputs_of(self.type, made)

        return Member(self.step.id, key, given, outputs)

    def _beside(self) -> Iterator[Member]:
        """The calls of other steps, or in later rows, that could be made with this one."""
        own = self.step
        for step, linked in chain(self.site.beside(own), self.site.terms.later(own.id)):
            try:
                self.site.check(step.id)
                if step.id in self.site.terms.failed:
                    continue
                call = Call(step, linked, self.site)
                if call.key is None or self.store.record(call.key) is not None:
                    continue
                values = call._values()
            except Cancelled:
                raise
            except Exception:  # noqa: BLE001  it says so when it is its turn
                continue
            yield call._member(call.key, values)

    def _later(self, values: dict[str, Any], total: int, start: int) -> Iterator[Member]:
        """The items from one on that are not known yet."""
        for ids, arguments in self._items(values, total, start):
            key = key_of(recipe_of(self.step.prefix, ids))
            if self._known(key) is None:
                with suppress(NodeError):  # it says so when it is its turn
                    yield self._member(key, self._fitting(arguments))

    @property
    def makeshift(self) -> bool:
        """Whether some of its results are not those that its key stands for."""
        return self.relief is not None and self.relief.makeshift

    def _once(
        self, key: str | None, arguments: dict[str, Any], context: RunContext | None
    ) -> Record:
        """Call the function, with less memory if it has to be, and keep what it gives."""
        start = perf_counter()
        outputs: dict[str, Any] = {}
        shortage = None
        if context is not None:
            context.said = None
        try:
            outputs = self._invoke(arguments, context)
        except Exception as error:
            shortage = shortage_of(error)
            if shortage is None:
                raise
        if shortage is not None:
            attempt = partial(self._invoke, arguments, context)
            outputs, makeshift = self._relieved(shortage, attempt, context)
            if makeshift:  # in host memory, so that its identity is that of its content
                key, outputs = None, {name: to_host(value) for name, value in outputs.items()}
        said = None if context is None else context.said
        return self._put(key, outputs, perf_counter() - start, said)

    def _relieved(
        self,
        shortage: Shortage,
        attempt: Callable[[], dict[str, Any]],
        context: RunContext | None,
    ) -> tuple[dict[str, Any], bool]:
        """What an attempt gives with more room, or less need of it, and if that is makeshift."""
        told = self.relief is not None, self.makeshift
        self.relief = relief = self.relief or Relief()
        ladder = Ladder(self.step.id, self.type, self.site, context, relief)
        made = ladder.climb(shortage, attempt)
        relief.recipe = self.recipe
        self.site.reliefs[self.step.id] = relief
        if told != (True, self.makeshift):
            self.site.emit(Warned(relief.sentence(shortage), self.step.id))
        return made

    def _put(
        self, key: str | None, outputs: dict[str, Any], seconds: float, said: Said | None
    ) -> Record:
        id = self.step.id
        try:
            return self.store.put(
                key,
                self.type.id,
                outputs,
                seconds,
                durable=id in self.site.durable,
                recipe=self.recipe,
                said=said,
                made=self.made,
                stored=None if self.step.each or self.store.disk is None else self.site.stored(id),
            )
        except ValueError as error:  # JSON has no such text or number
            raise MusegraphError(f"what the node gave cannot be kept: {error}") from None

    def _arguments(self) -> dict[str, Any]:
        """The values; where they find no room in memory, once others have left it."""
        try:
            return self._values()
        except Exception as error:
            shortage = shortage_of(error)
            if shortage is None:
                raise
        return self._relieved(shortage, self._values, None)[0]

    def _values(self) -> dict[str, Any]:
        """The arguments; raises :class:`Lost` if a source has to run again first."""
        values: dict[str, Any] = {}
        lost: set[str] = set()
        linked, literals = self.linked, self.step.literals
        for name, port in self.type.inputs.items():
            if name not in linked:
                value = literals[name].value
                values[name] = value if type(value) in PLAIN else literal(self.store, name, value)
                continue
            entry = linked[name]
            if type(entry.json) is port.plain:
                values[name] = entry.json
                continue
            value = self.store.value(entry, kept=self.site.kept.get(self.step.id))
            if value is NOTHING:
                lost |= {source.node for source in sources_of(self.step.links[name])}
            elif entry.json is not NOTHING and name not in self.step.each:
                values[name] = self._checked(name, value)
            else:
                values[name] = value
        if lost:
            raise Lost(lost)
        return values

    def _checked(self, name: str, value: Any) -> Any:
        port = self.type.inputs[name]
        if port.generic:
            return value
        try:
            return check(port, value)
        except Refused as error:
            raise NodeError(f"port {name!r}: {error}") from None

    def _run_each(self, values: dict[str, Any]) -> Record:
        """One call per item; items that are known are not run, one that fails stops no other."""
        each = self.step.each
        counts = {name: len(values[name]) for name in each}
        if len(set(counts.values())) > 1:
            said = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise NodeError(f"its lists are of unequal length: {said}")
        total = next(iter(counts.values()))
        context = RunContext(self.step.id, self.site)
        context.items = total
        records: list[Record] = []
        errors: list[str] = []
        first: BaseException | None = None
        told = perf_counter()
        for index, (ids, arguments) in enumerate(self._items(values, total)):
            context.item = index
            context.check()
            if perf_counter() - told > TELL:
                told = perf_counter()
                context.progress(0.0)
            try:
                records.append(self._item(ids, arguments, context, values))
            except (Cancelled, Stopped):
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001  a node is someone else's code
                first = first or error
                errors.append(f"item {index + 1} of {total}: {error}")
        if first is not None:
            kind = OutOfMemory if isinstance(first, OutOfMemory) else NodeError
            raise kind("; ".join(errors)) from first
        return self._together(records)

    def _items(
        self, values: dict[str, Any], total: int, start: int = 0
    ) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        items = {name: self._item_identities(name) for name in self.step.each}
        for index in range(start, total):
            ids, arguments = dict(self.identities), dict(values)
            for name in self.step.each:
                arguments[name] = values[name][index]
                ids[name] = items[name][index]
            yield ids, arguments

    def _item_identities(self, name: str) -> tuple[str, ...]:
        """The identity of each item of an input that is mapped over."""
        if name in self.items:
            return self.items[name]
        if name not in self.linked:
            return self.step.literals[name].items or ()
        return tuple(item.identity for item in self.linked[name].items or ())

    def _item(
        self, ids: dict[str, str], arguments: Values, context: RunContext, values: Values
    ) -> Record:
        key = key_of(recipe_of(self.step.prefix, ids)) if self.type.cache else None
        if (known := self._known(key)) is not None:
            self.site.repeat({self.step.id: known.said} if known.said else {})
            return known
        arguments = self._fitting(arguments)
        if self.type.fused is None or key is None:
            return self._once(key, arguments, context)
        if (made := self._taken(key)) is not None:
            return made
        at, total = context.item or 0, context.items or 0
        later = self._later(values, total, at + 1)
        fuse(self.type, self._member(key, arguments), later, self.site, (at, total))
        made = self._taken(key)
        return self._once(key, arguments, context) if made is None else made

    def _known(self, key: str | None) -> Record | None:
        """The record of an item whose results are still there."""
        known = self.store.record(key) if key is not None else None
        if known is not None and all(self.store.available(e) for e in known.outputs.values()):
            return known
        return None

    def _fitting(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of an item; those of JSON that came over a link are checked only now."""
        for name in self.step.each:
            if name in self.linked and self.linked[name].json is not NOTHING:
                arguments[name] = self._checked(name, arguments[name])
        return arguments

    def _together(self, records: list[Record]) -> Record:
        outputs: dict[str, Entry] = {}
        for name in self.type.outputs:
            entries = tuple(record.outputs[name] for record in records)
            unset = sum(entry.unset for entry in entries)
            if unset and unset == len(entries):
                outputs[name] = UNSET_ENTRY
            elif unset:
                raise NodeError(
                    f"the output {name!r} is set for some items and unset for others; a list"
                    " cannot have holes, so let one condition decide for all items"
                )
            else:
                outputs[name] = list_entry(entries)
        seconds = sum(record.seconds for record in records)
        said = self.site.said.get(self.step.id)
        record = Record(outputs, seconds, self.type.id, self.recipe, said)
        if self.key is not None and not self.makeshift:
            self.store.put_record(
                self.key,
                record,
                self.step.id in self.site.durable or seconds >= DURABLE_SECONDS,
                self.site.stored(self.step.id),
                self.made,
            )
        return record

    def _invoke(self, arguments: dict[str, Any], context: RunContext | None) -> dict[str, Any]:
        kind = self.type
        if not kind.simple:
            arguments = {name: own(value) for name, value in arguments.items()}
        if kind.context is not None:
            arguments[kind.context] = context
        self.calls += 1
        before = None if kind.simple else versions(arguments)
        made = kind.function(**arguments)
        if kind.is_async:
            made = awaited(made)
        if before:
            self._unchanged(arguments, before)
        return outputs_of(kind, made)

    def _unchanged(self, arguments: Mapping[str, Any], before: Mapping[str, list[int]]) -> None:
        """Refuse a node that wrote into a value that others hold; the value is dropped."""
        after = versions(arguments)
        for name, told in before.items():
            if after[name] != told:
                for leaf in self.linked[name].leaves() if name in self.linked else ():
                    self.store.live.drop(leaf.identity)
                raise NodeError(
                    f"the node wrote into its input {name!r}, which other nodes may hold; let it"
                    " work on a copy (tensor.clone())"
                )
