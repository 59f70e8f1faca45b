"""A score as a piano roll is drawn from it: everything in seconds."""

from __future__ import annotations

from typing import Any

from musegraph.values.score import DRUMS, Meter, Score, Track

MOST_BARS = 10_000


def roll(score: Score) -> dict[str, Any]:
    """Tracks with notes as start, duration, pitch and velocity; bars; tempos; in seconds."""
    clock = score.clock()

    def seconds(ticks: int) -> float:
        return round(clock.seconds(ticks), 5)

    def drawn(track: Track) -> dict[str, Any]:
        notes = track.notes
        return {
            "name": track.name,
            "drums": bool(notes) and all(note.channel == DRUMS for note in notes),
            "notes": [
                (seconds(n.start), round(seconds(n.end) - seconds(n.start), 5), n.pitch, n.velocity)
                for n in notes
            ],
        }

    return {
        "seconds": seconds(score.end),
        "tracks": [drawn(track) for track in score.tracks if track.packed_notes],
        "bars": [seconds(bar) for bar in bars(score)],
        "tempos": [(seconds(tempo.time), round(tempo.bpm, 3)) for tempo in score.tempos],
    }


def bars(score: Score) -> list[int]:
    """The ticks at which bars begin, ``MOST_BARS`` at most; a change of meter begins one."""
    meters = [m for m in score.meters if m.beats]
    if not meters or meters[0].time:
        meters.insert(0, Meter(0, 4, 4))
    found: list[int] = []
    ends = [meter.time for meter in meters[1:]] + [score.end]
    for meter, end in zip(meters, ends, strict=True):
        length = max(score.resolution * 4 * meter.beats // meter.unit, 1)
        room = MOST_BARS - len(found)
        found += range(meter.time, max(end, meter.time + 1), length)[:room]
    return found
