"""Node `motion.dance`: a dance to music by a net that learned to dance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from musegraph import ADVANCED, Audio, Context, Image, Motion, NodeError, Score, Seed, node
from musegraph_nodes.audio.options import Beats
from musegraph_nodes.motion.choreograph import Danced, music_of, told_of
from musegraph_nodes.motion.options import MOST_SECONDS

from .model import DanceModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from musegraph_nodes.motion.dance.make import Music
    from musegraph_nodes.motion.shaping import Pair
    from musegraph_nodes.motion.turns import Doubles

    from .dancing import Kept
    from .learning import Build

Keep = Literal["start", "start and end", "lower body", "upper body"]

Notes = Annotated[
    Score | None, Field(description="Music as notes: its beats and bars are known exactly.")
]
Pulse = Annotated[
    Beats | None, Field(description="Beats of a sound, of audio.beats; a score goes before.")
]
Heard = Annotated[
    Audio | None,
    Field(description="How loud it is, and for models of EDGE everything that is heard."),
]
StyleOf = Annotated[
    str, Field(max_length=60, description="One of those that the model has learned.")
]
SeedOf = Annotated[Seed, Field(description="Another one, another dance.")]
Length = Annotated[
    float,
    Field(ge=0, le=MOST_SECONDS, description="How long; 0: as long as the music."),
]
Guidance = Annotated[
    float, Field(ge=0, le=10, description="How closely music and style are followed.")
]
GivenMotion = Annotated[
    Motion | None, Field(description="A motion of which a part is kept, or a pose to start in.")
]
KeepOf = Annotated[Keep, Field(description="What of the given motion is kept.")]
KeepSeconds = Annotated[
    float,
    Field(ge=0, le=60, description="How much of the start and of the end is kept."),
    ADVANCED,
]
Steps = Annotated[int, Field(ge=1, le=1000, description="More take longer."), ADVANCED]
Tidy = Annotated[
    bool,
    Field(description="Joints within limits, feet that stand do not slide."),
    ADVANCED,
]
Rate = Annotated[float, Field(ge=10, le=120, description="Frames a second."), ADVANCED]


STEPS, GUIDANCE = 25, 1.5


@node(version="2", title="Dance", numeric=True, uses="device")
def dance(
    ctx: Context,
    model: DanceModel,
    score: Notes = None,
    beats: Pulse = None,
    sound: Heard = None,
    style: StyleOf = "",
    seed: SeedOf = 0,
    seconds: Length = 0.0,
    guidance: Guidance = GUIDANCE,
    given: GivenMotion = None,
    keep: KeepOf = "start",
    keep_seconds: KeepSeconds = 1.0,
    steps: Steps = STEPS,
    tidy: Tidy = True,
    fps: Rate = 30.0,
) -> Danced:
    """Dance to music with a net that learned it from dances (EDGE, https://arxiv.org/abs/2211.10658).

    The dance is noise at first, in which the net sees the dance a little more clearly with every
    step. Long ones are made of windows that overlap by half and agree there. With a given motion
    the net dances its lower or upper body, starts from it, or finds the way from one end of it to
    the other; what is kept stays as it is.
    """
    from musegraph_nodes.motion.body import BODY, motion_of

    from .dancing import dance as made_of
    from .dancing import performed, tidied

    if not score and not beats and not sound and not seconds:
        raise NodeError("there is no music and no length; link a score or beats, or set seconds")
    music = music_of(score, beats, sound, seconds, 120.0, seed)
    count = max(round(music.seconds * fps), 1)
    with ctx.load(model) as live:
        build = live.build
        heard, times = _heard(build, music, sound, style, model.source)
        own = _given(given, fps, count)
        kept = _kept(_centred(own), keep, keep_seconds, times, fps, count)

        def told(done: int, total: int, seen: Callable[[], Doubles]) -> None:
            ctx.progress(done, total, preview=lambda: _strip(seen(), times, music.seconds))

        numbers = made_of(live, heard, seed, steps, guidance, kept, told)
    pair = performed(numbers, times, fps, count)
    if tidy:
        pair = tidied(pair, fps)
    if own is not None:
        pair = _with(_placed(pair, own), own, keep, keep_seconds, fps)
    return Danced(motion_of(*pair, fps, BODY), told_of(music))


def _heard(
    build: Build, music: Music, sound: Audio | None, style: str, source: str
) -> tuple[Doubles, Doubles]:
    """What a model hears, and the seconds of its frames."""
    import numpy as np

    from .heard import grid_of, heard_of
    from .numbers import FPS

    if style and style not in build.styles:
        known = ", ".join(build.styles)
        raise NodeError(
            f"port 'style': {source!r} has not learned {style!r}; "
            + (f"it knows {known}" if known else "it has learned no styles; leave it empty")
        )
    if build.per_beat:
        grid = grid_of(music, build.per_beat, build.window)
        number = build.styles.index(style) if style else 0
        return heard_of(music, grid.beats, number, len(build.styles)), grid.seconds
    if sound is None:
        raise NodeError(
            f"port 'sound': {source!r} listens to sound itself, not to beats alone; link one"
        )
    from musegraph_nodes.audio.dance import dance_features

    found = dance_features(
        sound, {"tempo": 0.0, "times": music.beats[music.beats >= 0].tolist()}, int(FPS)
    )
    half = build.window // 2
    frames = max(-(-round(music.seconds * FPS) // half), 2) * half
    table = found.data.double().numpy()[:frames]
    table = np.concatenate((table, np.zeros((frames - len(table), table.shape[1]))))
    return table, np.arange(frames) / FPS


def _given(given: Motion | None, fps: float, count: int) -> Pair | None:
    """A motion on our body, as many frames a second, no longer than the dance."""
    from musegraph_nodes.motion.layouts import on_body

    if given is None:
        return None
    if given.frames < 1:
        raise NodeError("port 'given': the motion has no frames")
    turns, root = on_body(given, fps)
    if turns.shape[1] < 24:
        import numpy as np

        from musegraph_nodes.motion.turns import NONE

        more = np.tile(NONE, (len(turns), 24 - turns.shape[1], 1))
        turns = np.concatenate((turns, more), axis=1)
    return turns[:count, :24], root[:count]


def _centred(own: Pair | None) -> Pair | None:
    """A motion that begins in the middle and looks ahead, as those do that a net learned from."""
    import numpy as np

    from musegraph_nodes.motion.shaping import moved
    from musegraph_nodes.motion.turns import yaw_of

    if own is None:
        return None
    return moved(*own, -float(yaw_of(own[0][0, 0])), own[1][0], np.zeros(3))


def _placed(pair: Pair, own: Pair) -> Pair:
    """A dance where the motion was that it began with."""
    import numpy as np

    from musegraph_nodes.motion.shaping import moved
    from musegraph_nodes.motion.turns import yaw_of

    return moved(*pair, float(yaw_of(own[0][0, 0])), np.zeros(3), own[1][0])


def _kept(
    own: Pair | None, keep: Keep, span: float, times: Doubles, fps: float, count: int
) -> Kept | None:
    """The numbers that a given motion says, at the moments of a model."""
    import numpy as np

    from musegraph_nodes.motion.shaping import sampled

    from .dancing import Kept, lower_numbers
    from .numbers import COUNT, numbers_of

    if own is None:
        return None
    length = len(own[1]) / fps
    mask = np.zeros((len(times), COUNT))
    if keep in ("lower body", "upper body"):
        part = np.zeros(COUNT)
        part[lower_numbers()] = 1
        mask[times < length] = part if keep == "lower body" else 1 - part
        places = times
    else:
        mask[times <= min(span, length)] = 1
        places = np.minimum(times, length)
        if keep == "start and end":
            late = times >= count / fps - min(span, length)
            mask[late] = 1
            # The end of what is given is the end of the dance.
            places = np.where(late, times - count / fps + length, places)
    return Kept(numbers_of(*sampled(*own, places * fps), times), mask)


def _with(pair: Pair, own: Pair, keep: Keep, span: float, fps: float) -> Pair:
    """A dance with what was given as it was given, to the bit."""
    from .dancing import LOWER

    turns, root = pair[0].copy(), pair[1].copy()
    count = len(own[1])
    if keep in ("lower body", "upper body"):
        below = keep == "lower body"
        joints = [at for at in range(24) if (at in LOWER) == below]
        turns[:count, joints] = own[0][:, joints]
        if below:
            root[:count] = own[1]
        return turns, root
    held = max(min(round(span * fps), count), 1)
    turns[:held], root[:held] = own[0][:held], own[1][:held]
    if keep == "start and end":
        turns[-held:], root[-held:] = own[0][-held:], own[1][-held:]
    return turns, root


def _strip(numbers: Doubles, times: Doubles, seconds: float) -> Image:
    """Six moments of a dance beside each other."""
    from musegraph_nodes.motion.body import BODY, motion_of
    from musegraph_nodes.motion.show import filmstrip

    from .dancing import performed

    pair = performed(numbers, times, 10.0, max(round(seconds * 10), 1))
    return filmstrip([motion_of(*pair, 10.0, BODY)], count=6, columns=6, width=120, height=160)
