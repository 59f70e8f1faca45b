"""B32: a minute of a band of four, played by the built-in instruments on one core."""

from __future__ import annotations

from harness import ROUNDS, Row, child, timed

GENRES = ("pop", "classical", "house")
"""Of little, of long and of many tones."""

TIMES = 20
"""Seconds of music that a second of a core plays, at least."""


def played(genre: str) -> dict[str, float]:
    """In a child: seconds of music of the piece, its notes, and the least seconds it takes."""
    import torch

    from musegraph import Context
    from musegraph_nodes.music import arrange, chords, render
    from musegraph_nodes.music.composer.styles import STYLES

    torch.set_num_threads(1)
    tempo, bars = 120, 30
    asked = chords("Am F C G", key="A minor")
    # Where no drums are played a pad is the fourth.
    pad = not STYLES[genre].grooves
    score = arrange(asked, style=genre, tempo=tempo, bars=bars, with_pad=pad, seed=3)
    assert len([track for track in score.tracks if track.notes]) == 4, genre
    ctx = Context()
    render(score, ctx)  # instruments are tuned once
    return {
        "music": score.seconds,
        "notes": float(sum(len(track.notes) for track in score.tracks)),
        "seconds": min(timed(lambda: render(score, ctx)) for _ in range(ROUNDS)),
    }


def band() -> list[Row]:
    """B32."""
    rows = []
    for genre in GENRES:
        found = child("played", genre)
        rows.append(
            Row("B32", f"music.render, {genre}: seconds of music of four tracks a second",
                found["music"] / found["seconds"], "×", gate=TIMES, more=True,
                note=f"{found['music']:.0f} s, {found['notes']:.0f} notes")
        )  # fmt: skip
    return rows
