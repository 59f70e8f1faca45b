"""Several calls of a node made as one: how they are chosen, and what is done where that fails.

Each keeps its key, its record and its place: what it gave lies ahead of it (``ahead.py``) until it
is its turn. Memory that does not suffice halves how many are made at once; any other error lets
each be made by itself, as if nobody had asked. So nothing fails that alone would not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

from musegraph.ahead import Made
from musegraph.context import RunContext, Site
from musegraph.errors import Cancelled, MusegraphError, Stopped
from musegraph.events import StepProgress, StepStarted
from musegraph.fused import Fused
from musegraph.ladder import give_back
from musegraph.node import NodeType
from musegraph.shortage import shortage_of
from musegraph.store import Said

LOOK_AHEAD = 8
"""For each call that may be made at once, how many are looked at for one that goes with them."""


@dataclass(frozen=True, slots=True)
class Member:
    """A call that may be made together with others."""

    step: str
    key: str
    arguments: dict[str, Any]
    outputs: Callable[[Any], dict[str, Any]]
    """Takes what the node gave for it; raises where that is not what its ports promise."""


class Together(RunContext):
    """The context of calls that are made as one: of several steps, or of items of one."""

    def __init__(self, group: Sequence[Member], site: Site, place: tuple[int, int] | None) -> None:
        super().__init__(group[0].step, site)
        self.count = len(group)
        self.steps = list(dict.fromkeys(member.step for member in group))
        self.place = place
        """Of a mapped step: how many items came before, and how many there are."""

    def progress(
        self, done: float, total: float = 1.0, *, text: str | None = None, preview: Any = None
    ) -> None:
        """Of a mapped step, how far all its items are: no single one is ahead of the others."""
        self.check()
        text = self._site.concealed(text) if text else text
        if self.place is not None:
            before, items = self.place
            done, total = before * total + done * self.count, items * total
        preview = self.shown(preview)
        for step in self.steps:
            self._site.emit(StepProgress(step, done, total, text, preview, None, None))
            preview = None  # it shows all of them, so it is shown once

    def _told(self) -> tuple[Said, ...]:
        """Kept with what is made, and said when its turn comes; of a failed attempt it is lost."""
        self.said = self.said or Said()
        return (self.said,)

    def warn(self, text: str) -> None:
        for said in self._told():
            said.warn(self._site.concealed(text))


def fuse(
    kind: NodeType,
    first: Member,
    others: Iterable[Member],
    site: Site,
    place: tuple[int, int] | None = None,
) -> None:
    """Make a call together with those of others that go with it; what they give lies ahead."""
    assert kind.fused is not None
    ahead = site.terms.ahead
    group = _group(kind.id, kind.fused, first, others, site)
    while len(group) > 1:
        context = Together(group, site, place)
        for step in context.steps:
            if step != first.step and step not in site.told:
                site.told.add(step)
                site.emit(StepStarted(step, kind.id))
        start = perf_counter()
        try:
            made = _made(kind.fused, group, context)
        except (Cancelled, Stopped):
            raise
        except Exception as error:  # noqa: BLE001  a node is someone else's code
            if shortage_of(error) is None:
                _note(context, f"{len(group)} at once failed ({error}), each was made by itself")
                ahead.alone.update(member.key for member in group)
                return
        else:
            seconds = (perf_counter() - start) / len(group)
            ahead.made |= {key: Made(one, seconds, context.said) for key, one in made.items()}
            return
        _note(context, f"there was no memory for {len(group)} at once")
        ahead.most[kind.id] = (len(group) + 1) // 2
        group = group[: ahead.most[kind.id]]
        give_back()  # outside the except: the frames of the attempt are gone by now


def _note(context: Together, text: str) -> None:
    """Put something about an attempt into the record of each step."""
    for step in context.steps:
        RunContext(step, context._site).note(text)


def _made(fused: Fused, group: Sequence[Member], context: RunContext) -> dict[str, dict[str, Any]]:
    found = fused.function([member.arguments for member in group], context)
    if len(found) != len(group):
        raise MusegraphError(f"it was given {len(group)} calls and gave {len(found)} results")
    return {member.key: member.outputs(one) for member, one in zip(group, found, strict=True)}


def _group(
    id: str, fused: Fused, first: Member, others: Iterable[Member], site: Site
) -> list[Member]:
    """A call and those that go with it; the call alone if nobody asked for more."""
    ahead = site.terms.ahead
    told = None if first.key in ahead.alone else _kind(fused, first)
    if told is None:
        return [first]
    most = min(told[0], ahead.most.get(id, told[0]))
    group, keys = [first], {first.key} | ahead.alone | ahead.made.keys()
    for other in islice(others, LOOK_AHEAD * most) if most > 1 else ():
        if other.key not in keys and _kind(fused, other) == told:
            group.append(other)
            keys.add(other.key)
            if len(group) == most:
                break
    return group


def _kind(fused: Fused, member: Member) -> tuple[int, Hashable] | None:
    """What has to be equal; None for a call that cannot say it, which its own turn explains."""
    try:
        return fused.kind(member.arguments)
    except Exception:  # noqa: BLE001  a node is someone else's code
        return None
