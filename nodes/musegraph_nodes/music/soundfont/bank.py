"""The programs of a SoundFont as regions: what plays which pitches how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .riff import Sample, Tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRUM_BANK = 128
MOST_REGIONS = 64
"""Of one note; more are a file that was made to be slow."""

_INSTRUMENT, _SAMPLE, _KEYS, _VELOCITIES = 41, 53, 43, 44
_ABSOLUTE = {
    _KEYS,
    _VELOCITIES,
    _INSTRUMENT,
    _SAMPLE,
    0,
    1,
    2,
    3,
    4,
    12,
    45,
    50,
    46,
    47,
    54,
    57,
    58,
}
"""Generators that those of a preset do not add to."""

_DEFAULTS = {
    8: 13_500, 33: -12_000, 34: -12_000, 35: -12_000, 36: -12_000, 38: -12_000, 46: -1, 47: -1,
    56: 100, 58: -1,
}  # fmt: skip
_EVERY = 127 << 8


@dataclass(frozen=True)
class Region:
    """A sample with what it is played with, by number of its generators."""

    sample: Sample
    gens: dict[int, int]

    def value(self, gen: int) -> int:
        return self.gens.get(gen, _DEFAULTS.get(gen, 0))

    def seconds(self, gen: int, pitch: int = 60, by_key: int = 0) -> float:
        """A time in timecents, which may be shorter the higher the pitch."""
        cents = self.value(gen) + (self.value(by_key) * (60 - pitch) if by_key else 0)
        return float(2 ** (min(max(cents, -12_000), 8_000) / 1200)) if cents > -12_000 else 0.0

    @cached_property
    def bounds(self) -> tuple[int, int, int, int]:
        """Start, end, and where it goes round, moved as the generators say, within the sample."""
        one = self.sample
        start = one.start + self.value(0) + 32_768 * self.value(4)
        end = one.end + self.value(1) + 32_768 * self.value(12)
        loop = one.loop + self.value(2) + 32_768 * self.value(45)
        loop_end = one.loop_end + self.value(3) + 32_768 * self.value(50)
        start = min(max(start, one.start), one.end - 1)
        end = min(max(end, start + 1), one.end)
        return start, end, min(max(loop, start), end), min(max(loop_end, start), end)

    @property
    def round(self) -> int:
        """0: it is played to its end; 1: it goes round; 3: until its key is let go."""
        _, _, loop, loop_end = self.bounds
        mode = self.value(54) & 3
        return mode if mode in (1, 3) and loop_end - loop >= 2 else 0

    @property
    def root(self) -> int:
        asked = self.value(58)
        return asked if 0 <= asked <= 127 else self.sample.pitch

    def cents(self, pitch: int) -> float:
        """How much higher than it was recorded a pitch is."""
        tuned = self.value(51) * 100 + self.value(52) + self.sample.cents
        return (pitch - self.root) * self.value(56) + tuned


class Bank:
    """Looks regions up by bank, program, pitch and velocity."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.presets = {(one.bank, one.program): one for one in reversed(tables.presets)}
        self._found: dict[tuple[int, int, int, int], list[Region]] = {}

    @property
    def pool(self) -> NDArray[np.int16]:
        return self.tables.pool

    def stand_in(self, bank: int, program: int) -> tuple[int, int] | None:
        """The preset that is asked for; one of its family, or any of its bank, if there is none."""
        if (bank, program) in self.presets:
            return bank, program
        own = sorted(number for where, number in self.presets if where == bank)
        family = [number for number in own if number // 8 == program // 8]
        chosen = next(iter(family or own), None)
        return None if chosen is None else (bank, chosen)

    def regions(self, preset: tuple[int, int], pitch: int, velocity: int) -> list[Region]:
        """What sounds when a note of a preset is struck."""
        key = (*preset, pitch, velocity)
        if key not in self._found:
            self._found[key] = [*self._regions(preset, pitch, velocity)][:MOST_REGIONS]
        return self._found[key]

    def _regions(self, preset: tuple[int, int], pitch: int, velocity: int) -> list[Region]:
        made = []
        for outer in self.presets[preset].zones:
            if not _holds(outer, pitch, velocity):
                continue
            added = {g: _signed(v) for g, v in outer.items() if g not in _ABSOLUTE}
            for inner in self.tables.instruments[outer[_INSTRUMENT]]:
                sample = self.tables.samples[inner[_SAMPLE]]
                if sample is None or not _holds(inner, pitch, velocity):
                    continue
                gens = {gen: _signed(value) for gen, value in inner.items()}
                for gen, value in added.items():
                    gens[gen] = gens.get(gen, _DEFAULTS.get(gen, 0)) + value
                made.append(Region(sample, gens))
                if len(made) >= MOST_REGIONS:
                    return made
        return made


def _holds(zone: dict[int, int], pitch: int, velocity: int) -> bool:
    keys, strengths = zone.get(_KEYS, _EVERY), zone.get(_VELOCITIES, _EVERY)
    return keys & 0xFF <= pitch <= keys >> 8 and strengths & 0xFF <= velocity <= strengths >> 8


def _signed(value: int) -> int:
    return value - 65_536 if value >= 32_768 else value
