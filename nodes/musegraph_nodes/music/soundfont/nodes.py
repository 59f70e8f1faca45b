"""Node `music.play_soundfont`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from musegraph import Audio, Context, File, NodeError, Score, node
from musegraph_nodes.music.programs import PROGRAMS
from musegraph_nodes.music.sound import Rate, Reverb, Room, Stereo, Tuned, playable

from .bank import DRUM_BANK


@node(version="1", title="Play with SoundFont", numeric=True)
def play_soundfont(
    score: Score,
    soundfont: Annotated[
        File, Field(description="An .sf2 of yours, such as FluidR3 or GeneralUser.")
    ],
    ctx: Context,
    sample_rate: Rate = 44_100,
    reverb: Reverb = 0.22,
    room: Room = 1.6,
    stereo: Stereo = 1.0,
    transpose: Tuned = 0.0,
) -> Audio:
    """Play a score with the recordings of a SoundFont [1,2,N], as loud as can be without clipping.

    Programs are looked for in bank 0, drums in bank 128; for what is not there a relative plays,
    and a warning says so. Zones, loops, tuning, envelopes, filters and exclusive classes count;
    vibrato, modulators and bends do not. SoundFonts with compressed samples (.sf3) are not read.
    """
    import torch

    from musegraph_nodes.music.synth.render import levelled
    from musegraph_nodes.music.synth.render import room as in_room

    from .bank import Bank
    from .play import render
    from .riff import read

    playable(score)
    bank = Bank(read(soundfont.data, soundfont.name))
    mix, missing = render(
        score,
        bank,
        sample_rate,
        lambda share: ctx.progress(share, 1.0),
        room + 0.2,
        stereo,
        transpose,
    )
    if not mix.any():
        raise NodeError(
            f"{soundfont.name!r} has nothing that plays the notes of this score; give another"
        )
    for where, program in sorted(missing):
        what = "drums" if where == DRUM_BANK else f"program {program} ({PROGRAMS[program]})"
        instead = bank.stand_in(where, program)
        said = f"{bank.presets[instead].name!r} plays it" if instead else "it is left out"
        ctx.warn(f"{soundfont.name!r} has no {what}; {said}")
    made = levelled(in_room(mix, sample_rate, reverb, room))
    return Audio(torch.from_numpy(made)[None], sample_rate)
