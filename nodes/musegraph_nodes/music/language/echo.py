"""What comes back: phrases of four bars return after a plan, and draws lean on the first of them.

A small model knows well what fits, and less well what it wrote forty notes ago. So the sampler
remembers each bar, and makes likelier what that bar had which returns by the plan: its rhythms, and
over the same chord its pitches too. The model still decides: what it finds unlikely stays so.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from musegraph_nodes.music.composer.form import PHRASE, letters
from musegraph_nodes.music.composer.piece import LEVELS
from musegraph_nodes.music.composer.styles import STYLES

from . import vocabulary as v

if TYPE_CHECKING:
    from .reader import Reader

_PHRASES = 64
"""For so many phrases a plan is made; after them it begins again."""
_Chord = tuple[int, int]
_Place = tuple[int, int, int]
"""A position, a role, and which of its groups there."""


@dataclass
class _Bar:
    """What a bar had."""

    changes: dict[int, _Chord] = field(default_factory=dict)
    """Chords by the position where they are said."""
    under: dict[int, _Chord] = field(default_factory=dict)
    """Chords by position, wherever something is played."""
    groups: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    notes: dict[_Place, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Tokens of pitches and drums."""
    lengths: dict[_Place, int] = field(default_factory=dict)

    def after(self, pos: int) -> list[int]:
        """The token of the next position at which something begins, or those of a new bar."""
        later = [one for one in {*self.changes, *self.groups} if one > pos]
        return [v.POS[min(later)]] if later else list(range(v.BAR.first, v.BAR.first + v.BAR.count))


class Echo:
    """Remembers bars, and tells what would come next if the one that returns were played again."""

    def __init__(self, seed: int) -> None:
        self.plan = letters(_PHRASES * PHRASE, random.Random(f"plan {seed}"))
        self.bars: list[_Bar] = []
        self.chord: _Chord = (v.NO_ROOT, 0)
        self.pos = 0
        self.place: _Place = (0, 0, 0)
        self.read = 0

    def hear(self, tokens: Sequence[int]) -> None:
        """Remember what was said since the last time."""
        for at in range(self.read, len(tokens)):
            self._take(tokens[at])
        self.read = len(tokens)

    def _take(self, token: int) -> None:
        if token in v.BAR:
            self.bars.append(_Bar())
        elif token in v.POS:
            self.pos = token - v.POS.first
        elif token in v.ROOT:
            self.chord = token - v.ROOT.first, 0
        elif token in v.QUALITY:
            self.chord = self.chord[0], token - v.QUALITY.first
            self.bars[-1].changes[self.pos] = self.chord
        elif token in v.GROUP:
            bar, role = self.bars[-1], _role(token)
            same = sum(_role(one) == role for one in bar.groups[self.pos])
            self.place = self.pos, role, same
            bar.groups[self.pos].append(token)
            bar.under[self.pos] = self.chord
        elif token in v.PITCH or token in v.DRUM:
            self.bars[-1].notes[self.place].append(token)
        elif token in v.LENGTH:
            self.bars[-1].lengths[self.place] = token

    def returning(self, bar: int) -> int | None:
        """The bar that returns in a bar; None where something new is due."""
        phrase, at = divmod(bar, PHRASE)
        letter = self.plan[phrase % len(self.plan)]
        for earlier in range(phrase - 1, -1, -1):
            if self.plan[earlier % len(self.plan)] == letter:
                return earlier * PHRASE + at
        return None

    def expected(self, reader: Reader) -> list[int]:
        """The tokens that would follow; nothing where nothing returns."""
        if reader.bar < 0 or reader.phase == v.LAST_BAR:
            return []
        number = self.returning(reader.bar)
        if number is None or number >= len(self.bars):
            return []
        bar, place = self.bars[number], (reader.pos, reader.role, reader.groups - 1)
        turned = self._turned(reader, bar)
        if reader.state == "root":
            return [v.QUALITY[turned[reader.pos][1]]] if reader.pos in turned else []
        if reader.state in ("group", "pitched", "struck") and (
            found := _inside(bar, reader, place)
        ):
            return found
        if reader.state in ("group", "pitched"):
            return []
        if reader.state == "pos" and reader.pos in turned:
            return [v.ROOT[turned[reader.pos][0]]]
        return _next_group(bar, reader) or bar.after(reader.pos)

    def other(self, reader: Reader) -> list[int]:
        """The roots that would make of a phrase that is to be new the one before it."""
        phrase = reader.bar // PHRASE
        new = phrase > 0 and self.returning(reader.bar) is None
        if not new or self._turn(reader) != PHRASE or reader.phase == v.LAST_BAR:
            return []
        chord = self.bars[reader.bar - PHRASE].changes.get(reader.pos)
        return [] if chord is None else [v.ROOT[chord[0]]]

    def _turn(self, reader: Reader) -> int:
        return _turns()[reader.genre] if reader.genre < len(_turns()) else PHRASE

    def _turned(self, reader: Reader, bar: _Bar) -> dict[int, _Chord]:
        """The chords that return: with the phrase, or where a turn is longer, after the turn."""
        turn = self._turn(reader)
        if turn == PHRASE:
            return bar.changes
        return self.bars[reader.bar - turn].changes if reader.bar >= turn else {}


@cache
def _turns() -> list[int]:
    """By genre, how many bars its chords go before they come back: twelve in the blues."""
    return [max(len(turn.split()) for turn in (*s.major, *s.minor)) for s in STYLES.values()]


def _role(group: int) -> int:
    return (group - v.GROUP.first) // len(LEVELS)


def _inside(bar: _Bar, reader: Reader, place: _Place) -> list[int]:
    """What goes on with a group: a higher pitch, or over another chord none, and then a length."""
    notes = bar.notes.get(place, [])
    if reader.state == "struck":
        return [one for one in notes if one - v.DRUM.first > reader.pitch][:1]
    drums = bool(notes) and notes[0] in v.DRUM
    if drums:
        return [one for one in notes if one - v.DRUM.first > reader.pitch][:1]
    if bar.under.get(reader.pos) == (reader.root, reader.quality):
        higher = [one for one in notes if one - v.PITCH.first > reader.pitch]
        if higher:
            return higher[:1]
    elif len(reader.fresh) < len(notes):
        return []
    if reader.state == "pitched" and place in bar.lengths:
        return [bar.lengths[place]]
    return []


def _next_group(bar: _Bar, reader: Reader) -> list[int]:
    """The group that followed those which have been said here."""
    groups = bar.groups.get(reader.pos, [])
    if reader.role >= 0:
        same = [one for one in groups if _role(one) == reader.role]
        if len(same) > reader.groups:
            return [same[reader.groups]]
    return [one for one in groups if _role(one) > reader.role][:1]
