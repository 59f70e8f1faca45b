"""When a prompt says what: the texts that its schedules and alternations make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .grammar import (
    Alternating,
    Body,
    Break,
    Choice,
    Embedding,
    Item,
    Lora,
    Prompt,
    PromptError,
    Scheduled,
    Weighted,
    Words,
    total_weight,
)

MOST_TEXTS = 64
"""Different texts of one prompt: each is encoded and kept by itself."""


@dataclass(frozen=True)
class Span:
    """Words, or one learned word if ``embedding``, that count with a weight."""

    text: str
    weight: float = 1.0
    embedding: bool = False


Spans: TypeAlias = tuple[Span | None, ...]
"""A text with its weights; None is a break."""

Ranges: TypeAlias = tuple[tuple[float, float], ...]


def timeline(prompt: Prompt, steps: int) -> list[tuple[Spans, Ranges]]:
    """Each text that a prompt has while a sampler makes ``steps``, and when: shares of the way.

    ``steps`` may be 0, for a number that is not known, if nothing in the prompt asks for it.
    """
    edges = _edges(prompt, steps)
    found: dict[Spans, list[tuple[float, float]]] = {}
    for start, end, step in edges:
        ranges = found.setdefault(spans(prompt.body, start, step, steps), [])
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((start, end))
        if len(found) > MOST_TEXTS:
            raise PromptError(
                f"the prompt is more than {MOST_TEXTS} different texts, one after another; let"
                " less of it change"
            )
    return [(text, tuple(ranges)) for text, ranges in found.items()]


def _edges(prompt: Prompt, steps: int) -> list[tuple[float, float, int]]:
    """Stretches of the way in which nothing changes, each with the step at its start."""
    moments = {0.0}
    for item in prompt.walk():
        if isinstance(item, Alternating):
            if not steps:
                raise _needs_steps("alternates at every step", item.at)
            return [(step / steps, (step + 1) / steps, step) for step in range(steps)]
        if isinstance(item, Scheduled):
            moments.add(_share(item, steps))
    starts = sorted(moment for moment in moments if moment < 1)
    return [(a, b, 0) for a, b in zip(starts, [*starts[1:], 1.0], strict=True)]


def _share(item: Scheduled, steps: int) -> float:
    """The moment of a change as a share of the way; exactly that of the step that it names."""
    if item.moment.share is not None:
        return item.moment.share
    step = item.moment.step or 0
    if step and not steps:
        raise _needs_steps(f"changes after step {step}", item.at)
    return min(step / steps, 1.0) if step else 0.0


def _needs_steps(what: str, at: int) -> PromptError:
    return PromptError(
        f"the prompt {what} (character {at}), and nobody says how many there are; set steps to"
        " that of the sampler, or write a share of them, such as 0.5"
    )


def spans(body: Body, progress: float, step: int, steps: int) -> Spans:
    """What a prompt says at one moment; neighbours of one weight are one span."""
    made: list[Span | None] = []
    for found in _walk(body, progress, step, steps, ()):
        last = made[-1] if made else None
        if (
            found
            and last
            and not (found.embedding or last.embedding)
            and (found.weight == last.weight)
        ):
            made[-1] = Span(last.text + found.text, last.weight)
        else:
            made.append(found)
    return tuple(made)


def _walk(
    body: Body, progress: float, step: int, steps: int, weights: tuple[float, ...]
) -> Iterator[Span | None]:
    for item in body:
        if isinstance(item, (Words, Embedding)):
            weight = total_weight(weights, item.at)
            if isinstance(item, Words):
                yield Span(item.text, weight)
            else:
                yield Span(item.name, weight, embedding=True)
        elif isinstance(item, Break):
            yield None
        elif isinstance(item, Weighted):
            yield from _walk(item.body, progress, step, steps, (*weights, item.weight))
        else:
            yield from _walk(_now(item, progress, step, steps), progress, step, steps, weights)


def _now(item: Item, progress: float, step: int, steps: int) -> Body:
    """What stands for an item at a moment."""
    if isinstance(item, Scheduled):
        return item.before if progress < _share(item, steps) else item.after
    if isinstance(item, Alternating):
        return item.options[step % len(item.options)]
    if isinstance(item, Choice):  # nobody has chosen: it stands as it is written
        made: list[Item] = []
        for sign, option in zip("{" + "|" * len(item.options), item.options, strict=False):
            made += [Words(sign, item.at), *option]
        return (*made, Words("}", item.end))
    assert isinstance(item, Lora)
    return ()
