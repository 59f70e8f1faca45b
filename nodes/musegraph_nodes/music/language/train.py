"""Node `music.train`: teach a model to write music like some pieces, or like the composer."""

from __future__ import annotations

import math
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import Cancelled, Context, Image, NodeError, Score, Seed, node
from musegraph_nodes.music.arrange import Genres
from musegraph_nodes.music.composer.piece import MELODY, Piece, score_of
from musegraph_nodes.music.sound import ADVANCED

from .listen import heard
from .model import MusicModel, reference

if TYPE_CHECKING:
    from pathlib import Path

    from .corpus import Corpus
    from .learning import Plan, Training
    from .net import MusicNet

_NAME = re.compile(r"[\w][\w .-]{0,59}")
_SAVE_EVERY = 25
"""Steps from one checkpoint to the next: what a killed training does again."""

Lessons = Annotated[
    list[Score] | None,
    Field(
        description="Pieces to learn from, in bars of three or four quarters. Without them the"
        " composer of this pack writes some in all its genres."
    ),
]
Start = Annotated[MusicModel | None, Field(description="What it begins with; nothing without one.")]
Steps = Annotated[
    int, Field(ge=1, le=1_000_000, description="A later run with more goes on from here.")
]
Width = Annotated[int, Field(ge=32, le=1024, multiple_of=32, description="Its width."), ADVANCED]
Layers = Annotated[int, Field(ge=1, le=24, description="Its layers."), ADVANCED]
Batch = Annotated[int, Field(ge=1, le=64, description="Stretches in a step."), ADVANCED]
Length = Annotated[
    int, Field(ge=64, le=512, description="Tokens of a stretch; a bar has about 80."), ADVANCED
]
Rate = Annotated[float, Field(gt=0, le=0.1, description="How far a step goes."), ADVANCED]
Composed = Annotated[
    int, Field(ge=1, le=2000, description="Pieces of each genre, where none are given."), ADVANCED
]


class Trained(NamedTuple):
    """A model, a piece that it wrote, and how it learned."""

    model: MusicModel
    sample: Score
    curve: Image


@node(version="1", numeric=True, uses="device")
def train(
    ctx: Context,
    pieces: Lessons = None,
    genre: Annotated[Genres, Field(description="What the pieces are called.")] = "pop",
    start: Start = None,
    name: Annotated[
        str, Field(max_length=60, description="Begins the name it gets among the models.")
    ] = "my music",
    steps: Steps = 400,
    composed: Composed = 40,
    width: Width = 128,
    layers: Layers = 4,
    batch: Batch = 8,
    length: Length = 384,
    rate: Rate = 3e-3,
    seed: Seed = 0,
) -> Trained:
    """Train a model that writes music, for music.compose, music.continue and their like.

    It is kept among the models. A training that was cancelled or killed goes on from its last
    checkpoint when it is run again; with more steps it goes on too.
    """
    from musegraph_nodes.style.curves import drawn

    from .corpus import Corpus, lessons
    from .learning import Plan, Training
    from .net import Size

    if not _NAME.fullmatch(name):
        raise NodeError(
            "port 'name': give up to 60 letters, digits, spaces, points and dashes, a letter first;"
            f" got {name!r}"
        )
    if pieces is not None and not pieces:
        raise NodeError("port 'pieces': the list is empty; give at least one, or leave it open")
    taught = list(lessons(composed)) if pieces is None else [heard(s, genre).piece for s in pieces]
    corpus = Corpus.of(taught)
    size = Size(width, layers, width // 32)
    plan = Plan(size, length, batch, rate, seed=seed)
    folder = ctx.bench("music-" + _key(plan, corpus, start))
    training = Training(plan, folder, _begun(ctx, start), ctx.device)
    if training.restore(steps):
        ctx.note(f"went on from step {training.progress.step}")
    losses = _train(ctx, training, corpus, steps)
    with training.averages.applied():
        kept = _kept(ctx, training, folder, name)
        sample = _sampled(training.net, taught[0])
    return Trained(kept, score_of(sample), drawn({"loss": losses}))


def _begun(ctx: Context, start: MusicModel | None) -> MusicNet | None:
    """A net of its own that begins as another is."""
    if start is None:
        return None
    from .net import MusicNet

    with ctx.load(start) as live:
        net = MusicNet(live.size)
        net.load_state_dict(live.state_dict())
    return net


def _key(plan: Plan, corpus: Corpus, start: MusicModel | None) -> str:
    """Trainings that agree in all but the number of steps share a folder."""
    made = blake2b(repr(plan).encode(), digest_size=12)
    made.update((start.digest if start is not None else "").encode())
    for part in (corpus.tokens, corpus.facts, corpus.starts):
        made.update(part.tobytes())
    return made.hexdigest()


def _train(ctx: Context, training: Training, corpus: Corpus, steps: int) -> list[float]:
    losses = training.losses
    try:
        while training.progress.step < steps:
            step = training.progress.step
            loss = training.learn(corpus, step, step / steps)
            if not math.isfinite(loss):
                raise NodeError(
                    f"the training ran away at step {step + 1}: its loss is no number any more;"
                    " set rate lower"
                )
            training.progress.step += 1
            losses.append(loss)
            if training.progress.step % _SAVE_EVERY == 0:
                training.save()
            ctx.progress(training.progress.step, steps, text=f"loss {loss:.3f}")
    except Cancelled:
        training.save()
        raise
    training.save()
    return losses


def _kept(ctx: Context, training: Training, folder: Path, name: str) -> MusicModel:
    """The model among the models, under a name that no other has."""
    from .learning import write

    file = folder / "net.safetensors"
    write(training.net, file, {"name": name, "steps": training.progress.step})
    told = blake2b(file.read_bytes(), digest_size=4).hexdigest()
    kept = ctx.keep(f"trained/{name}-{told}.safetensors", file)
    file.unlink()
    return reference(kept.source, ctx)


def _sampled(net: MusicNet, like: Piece) -> Piece:
    """Eight bars as the first piece would begin, had the model written it."""
    from .make import Order, composed_by
    from .sample import Taste

    roles = sorted(like.parts) or [MELODY]
    order = Order(like.genre, like.key, like.tempo, like.beats, 8, None, None, roles)
    return composed_by(net, order, Taste(), 0, lambda bar, piece: None)
