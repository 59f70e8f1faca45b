"""Node `music.train`: teach a model to write music like some pieces, or like the composer."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Image, NodeError, Score, Seed, node
from musegraph_nodes.music.arrange import Genres
from musegraph_nodes.music.composer.piece import MELODY, Piece, score_of
from musegraph_nodes.starter.training.node import check_name, follow, kept

from .listen import heard
from .model import MusicModel, reference

if TYPE_CHECKING:
    from pathlib import Path

    from .corpus import Corpus
    from .learning import Plan, Training
    from .net import MusicNet

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

    check_name(name)
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
    losses = follow(ctx, training, partial(training.learn, corpus), steps)
    with training.averages.applied():
        model = _kept(ctx, training, folder, name)
        sample = _sampled(training.net, taught[0])
    return Trained(model, score_of(sample), drawn({"loss": losses}))


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


def _kept(ctx: Context, training: Training, folder: Path, name: str) -> MusicModel:
    """The model among the models, under a name that no other has."""
    from .learning import write

    told = {"name": name, "steps": training.progress.step}
    return reference(kept(ctx, folder, name, lambda file: write(training.net, file, told)), ctx)


def _sampled(net: MusicNet, like: Piece) -> Piece:
    """Eight bars as the first piece would begin, had the model written it."""
    from .make import Order, composed_by
    from .sample import Taste

    roles = sorted(like.parts) or [MELODY]
    order = Order(like.genre, like.key, like.tempo, like.beats, 8, None, None, roles)
    return composed_by(net, order, Taste(), 0, lambda bar, piece: None)
