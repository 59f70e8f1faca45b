"""The grammar: what may follow, so that whatever is sampled within it is a piece.

A reader takes one token after the other. At any time it says which may come next, and what a player
would know at this place: the chord, where in the bar, who plays and what that part played last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musegraph_nodes.music.composer.piece import DRUMS, LEVELS, ROLES

from . import vocabulary as v

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

HEADER = ("genre", "mode", "key", "tempo", "meter")
_HEADER_RANGES = {"genre": v.GENRE, "mode": v.MODE, "key": v.KEY, "tempo": v.TEMPO,
                  "meter": v.METER}  # fmt: skip
MOST_GROUPS = 4
"""Of one role at one position: notes of other lengths or levels."""
MOST_PITCHES = 10
"""Of one group."""
_MOST_SOUNDING = 100
"""Pitches of one role; with more, it has to wait until some are free."""

FACTS = ("genre", "mode", "meter", "root", "quality", "pos", "role", "phase", "last")
"""What is known at a token, one number each."""
NO_POS, NO_ROLE, NO_PHASE, NO_PITCH = v.LONGEST_BAR, len(ROLES), 9, v.PITCH.count


class Ungrammatical(ValueError):
    """A token that may not stand where it stands."""


@dataclass
class Reader:
    """Where a reading is."""

    state: str = "begin"
    genre: int = 0
    mode: int = 0
    tonic: int = 0
    tempo: int = 0
    beats: int = 4
    programs: dict[int, int] = field(default_factory=dict)
    bar: int = -1
    phase: int = NO_PHASE
    pos: int = -1
    root: int = v.NO_ROOT
    quality: int = 0
    role: int = -1
    level: int = 0
    groups: int = 0
    pitch: int = -1
    """The last pitch of the group, or drum; -1 where it has none yet."""
    played: dict[int, int] = field(default_factory=dict)
    """By role, its last pitch."""
    busy: dict[tuple[int, int], int] = field(default_factory=dict)
    """By role and pitch, the step until which it sounds."""
    fresh: list[int] = field(default_factory=list)
    """The pitches of the group so far."""

    @property
    def steps(self) -> int:
        """Of a bar."""
        return self.beats * 12

    @property
    def now(self) -> int:
        return self.bar * self.steps + max(self.pos, 0)

    def facts(self) -> tuple[int, ...]:
        """What is known after the tokens so far; see :data:`FACTS`."""
        inside = self.state in ("group", "pitched", "struck", "played")
        role = self.role if inside and self.role >= 0 else NO_ROLE
        last = self.played.get(self.role, NO_PITCH) if inside and self.role != DRUMS else NO_PITCH
        return (
            self.genre, self.mode, v.BEATS.index(self.beats), self.root, self.quality,
            self.pos if self.pos >= 0 else NO_POS, role, self.phase, last,
        )  # fmt: skip

    # -- what may follow ----------------------------------------------------------------------

    def allowed(self) -> Mask:
        """Which tokens may come next."""
        import numpy as np

        mask = np.zeros(v.SIZE, np.bool_)
        _ALLOWED[self.state](self, mask)
        return mask

    def _of_begin(self, mask: Mask) -> None:
        mask[v.BEGIN] = True

    def _of_header(self, mask: Mask) -> None:
        mask[_HEADER_RANGES[self.state].slice] = True

    def _of_parts(self, mask: Mask) -> None:
        first = max(self.programs, default=-1) + 1
        mask[v.PART.first + first : v.PART.first + v.PART.count] = True
        if self.programs:
            mask[v.BAR.slice] = True

    def _of_program(self, mask: Mask) -> None:
        mask[v.PROGRAM.slice] = True

    def _on(self, mask: Mask) -> None:
        """A later position, the next bar, or the end."""
        mask[v.POS.first + self.pos + 1 : v.POS.first + self.steps] = True
        mask[v.BAR.slice] = True
        mask[v.END] = True

    def _groups(self, mask: Mask) -> None:
        for role in self.programs:
            again = role == self.role
            if not (role > self.role or (again and self.groups < MOST_GROUPS)):
                continue
            if len(self.busy) > _MOST_SOUNDING and self._sounding(role) > _MOST_SOUNDING:
                continue
            # Drums that are struck together go from soft to strong: each drum has one strength.
            least = self.level + 1 if again and role == DRUMS else 0
            first = v.GROUP.first + role * len(LEVELS)
            mask[first + least : first + len(LEVELS)] = True

    def _sounding(self, role: int) -> int:
        return sum(1 for (who, _), end in self.busy.items() if who == role and end > self.now)

    def _of_bar(self, mask: Mask) -> None:
        self._on(mask)

    def _of_pos(self, mask: Mask) -> None:
        mask[v.ROOT.slice] = True
        self._groups(mask)

    def _of_root(self, mask: Mask) -> None:
        mask[v.QUALITY.slice] = True

    def _of_chord(self, mask: Mask) -> None:
        self._groups(mask)
        self._on(mask)

    def _of_group(self, mask: Mask) -> None:
        """A higher pitch or drum than the one before, and none that still sounds."""
        kind = v.DRUM if self.role == DRUMS else v.PITCH
        low, high = 0, kind.count - 1
        if kind is v.PITCH:
            zero = -v.LOWEST - v.shift(self.tonic)
            low, high = zero, zero + 127
        mask[kind.first + max(low, self.pitch + 1) : kind.first + high + 1] = True
        for (role, pitch), end in self.busy.items():
            if role == self.role and end > self.now:
                mask[kind.first + pitch] = False

    def _of_pitched(self, mask: Mask) -> None:
        if len(self.fresh) < MOST_PITCHES:
            self._of_group(mask)
        mask[v.LENGTH.slice] = True

    def _of_struck(self, mask: Mask) -> None:
        self._of_group(mask)
        self._of_chord(mask)

    def _of_end(self, mask: Mask) -> None:
        mask[v.NOTHING] = True

    # -- taking a token -----------------------------------------------------------------------

    def take(self, token: int) -> None:
        """Go on by a token; :class:`Ungrammatical` if it may not stand here."""
        if not (0 <= token < v.SIZE and self.allowed()[token]):
            raise Ungrammatical(f"token {token} cannot follow here ({self.state})")
        self.advance(token)

    def advance(self, token: int) -> None:
        """Go on by a token that is known to fit."""
        for kind, go in _TAKEN:
            if token in kind:
                go(self, token - kind.first)
                return
        self.state = {v.BEGIN: "genre", v.END: "end"}.get(token, self.state)

    def _header(self, index: int) -> None:
        name = self.state
        value: Any = v.BEATS[index] if name == "meter" else index
        setattr(self, {"key": "tonic", "meter": "beats"}.get(name, name), value)
        at = HEADER.index(name) + 1
        self.state = HEADER[at] if at < len(HEADER) else "parts"

    def _part(self, index: int) -> None:
        self.programs[index] = 0
        self.state = "program"

    def _program(self, index: int) -> None:
        self.programs[max(self.programs)] = index
        self.state = "parts"

    def _bar(self, index: int) -> None:
        self.bar += 1
        self.phase, self.pos, self.state = index, -1, "bar"

    def _pos(self, index: int) -> None:
        self.pos, self.role, self.groups, self.state = index, -1, 0, "pos"
        self.busy = {key: end for key, end in self.busy.items() if end > self.now}

    def _root(self, index: int) -> None:
        self.root, self.state = index, "root"

    def _quality(self, index: int) -> None:
        self.quality, self.state = index, "chord"

    def _group(self, index: int) -> None:
        role, self.level = divmod(index, len(LEVELS))
        self.groups = self.groups + 1 if role == self.role else 1
        self.role, self.pitch, self.fresh, self.state = role, -1, [], "group"

    def _pitch(self, index: int) -> None:
        self.pitch, self.state = index, "pitched"
        self.fresh.append(index)

    def _drum(self, index: int) -> None:
        self.pitch, self.state = index, "struck"
        self.busy[DRUMS, index] = self.now + 1

    def _length(self, index: int) -> None:
        end = self.now + v.length_of(index)
        for pitch in self.fresh:
            self.busy[self.role, pitch] = end
        self.played[self.role] = self.fresh[-1]
        self.state = "played"


_ALLOWED = {
    "begin": Reader._of_begin, **dict.fromkeys(HEADER, Reader._of_header),
    "parts": Reader._of_parts, "program": Reader._of_program, "bar": Reader._of_bar,
    "pos": Reader._of_pos, "root": Reader._of_root, "chord": Reader._of_chord,
    "group": Reader._of_group, "pitched": Reader._of_pitched, "struck": Reader._of_struck,
    "played": Reader._of_chord, "end": Reader._of_end,
}  # fmt: skip
_TAKEN = (
    *((_HEADER_RANGES[name], Reader._header) for name in HEADER),
    (v.PART, Reader._part), (v.PROGRAM, Reader._program), (v.BAR, Reader._bar),
    (v.POS, Reader._pos), (v.ROOT, Reader._root), (v.QUALITY, Reader._quality),
    (v.GROUP, Reader._group), (v.PITCH, Reader._pitch), (v.DRUM, Reader._drum),
    (v.LENGTH, Reader._length),
)  # fmt: skip
