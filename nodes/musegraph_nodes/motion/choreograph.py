"""Node `motion.choreograph`: a dance of a style to music, written move by move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

from pydantic import Field

from musegraph import ADVANCED, Audio, Motion, NodeError, Score, Seed, node
from musegraph_nodes.audio.options import Beats, times_of

from .beats import beats_of
from .options import MOST_SECONDS

if TYPE_CHECKING:
    from .dance.make import Music
    from .turns import Doubles

Style: TypeAlias = Literal[
    "hip-hop", "house", "popping", "pop", "disco", "salsa", "swing", "ballet"
]


class Danced(NamedTuple):
    """A dance and the beats that it is on."""

    motion: Motion
    beats: Beats


@node(version="2", title="Choreograph", numeric=True)
def choreograph(
    score: Annotated[
        Score | None, Field(description="Music as notes: its beats and bars are known exactly.")
    ] = None,
    beats: Annotated[
        Beats | None, Field(description="Beats of a sound, of audio.beats; a score goes before.")
    ] = None,
    sound: Annotated[
        Audio | None, Field(description="How loud it is says how large the moves are.")
    ] = None,
    style: Style = "hip-hop",
    seed: Annotated[Seed, Field(description="Which moves, in which order, to which side.")] = 0,
    seconds: Annotated[
        float,
        Field(ge=0, le=MOST_SECONDS, description="How long; 0: as long as the music."),
    ] = 0.0,
    tempo: Annotated[
        float, Field(ge=40, le=240, description="Beats a minute where there is no music.")
    ] = 120.0,
    energy: Annotated[
        float, Field(ge=0.4, le=1.3, description="How large everything is danced.")
    ] = 1.0,
    fps: Annotated[float, Field(ge=10, le=120, description="Frames a second."), ADVANCED] = 30.0,
) -> Danced:
    """Make a dance to music: on the beat, in phrases of eight counts, each danced to both sides.

    Moves are written by hand for each style and put together by chance; strong music gets large
    moves, calm music small ones. Feet stay where they stand, and joints within what a person can
    do. It has no upper length. The body is one of ours, with the 24 joints of SMPL.
    """
    from .body import BODY, motion_of
    from .dance.make import choreograph as made_of

    if not score and not beats and not sound and not seconds:
        raise NodeError("there is no music and no length; link a score or beats, or set seconds")
    music = music_of(score, beats, sound, seconds, tempo, seed)
    turns, root = made_of(music, style, seed, fps, energy)
    return Danced(motion_of(turns, root, fps, BODY), told_of(music, tempo))


def told_of(music: Music, tempo: float = 120.0) -> Beats:
    """Beats of music as they go over links; ``tempo`` is for music of one beat or none."""
    times = [round(float(time), 4) for time in music.beats if 0 <= time < music.seconds]
    pace = 60 / (times[1] - times[0]) if len(times) > 1 else tempo
    return {"tempo": round(float(pace), 3), "times": times}


def music_of(
    score: Score | None,
    beats: Beats | None,
    sound: Audio | None,
    seconds: float,
    tempo: float,
    seed: int,
) -> Music:
    """The beats, the first bar, the length and the strength of music, or of none."""
    import numpy as np

    from .dance.make import Music

    first = 0
    if score is not None:
        times, bars = beats_of(score)
        first = bars.index(True) if True in bars else 0
        length = score.seconds
    elif beats is not None:
        times = times_of(beats)
        length = _length(sound) or (times[-1] + 1.0 if times else 0.0)
    elif sound is not None:
        from musegraph_nodes.audio.frames import RATE
        from musegraph_nodes.audio.rhythm import pulse
        from musegraph_nodes.audio.samples import mono

        times, length = pulse(mono(sound, RATE)).times.tolist(), _length(sound)
    else:
        times, length = [], seconds
    length = min(seconds or length, MOST_SECONDS)
    if not length:
        raise NodeError("the music has no length; link some that sounds")
    if len(times) < 2:
        # Two at least, also where there is not room for both: how far they are apart is needed.
        times = np.arange(0.0, max(length, 90.0 / tempo), 60.0 / tempo).tolist()
    every = _carried_on(np.array(times, float), length)
    return Music(every, first, length, _energy(score, sound, every, seed))


def _carried_on(times: Doubles, length: float) -> Doubles:
    """Beats on to the end where the music is shorter than the dance."""
    import numpy as np

    step = max(float(np.median(np.diff(times))), 0.2)
    more = np.arange(times[-1] + step, length, step)
    return np.concatenate((times, more)) if len(more) else times


def _length(sound: Audio | None) -> float:
    return 0.0 if sound is None else sound.data.shape[-1] / sound.sample_rate


def _energy(score: Score | None, sound: Audio | None, beats: Doubles, seed: int) -> Doubles:
    """How strong the music is at each beat, 0 to 1, beside the rest of it."""
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    if sound is not None:
        wave = sound.data[0].detach().cpu().float().mean(0).numpy().astype(np.float64) ** 2
        whole = np.concatenate(([0.0], np.cumsum(wave)))
        edges = np.clip((np.append(beats, 2 * beats[-1] - beats[-2]) * sound.sample_rate), 0,
                        len(wave)).astype(int)  # fmt: skip
        level = np.sqrt(np.diff(whole[edges]) / np.maximum(np.diff(edges), 1))
    elif score is not None:
        clock = score.clock()
        level = np.zeros(len(beats))
        for note in score.notes:
            at = int(np.searchsorted(beats, clock.seconds(note.start) + 1e-3, "right")) - 1
            if 0 <= at < len(level):
                level[at] += note.velocity / 127
    else:
        draw = np.random.default_rng((seed, 5))
        level = draw.random(len(beats))
    soft = gaussian_filter1d(level, 4.0, mode="nearest")
    low, high = float(soft.min()), float(soft.max())
    if high - low < 0.05 * max(high, 1e-9):
        return np.full(len(beats), 0.5)
    return np.asarray((soft - low) / (high - low))
