"""Texts with weights, of any length, as text encoders read them.

CLIP takes 75 tokens and two that frame them. What is longer, or broken by BREAK, is read in chunks
of that, each by itself, and their states are put one behind the other: [1,77·n,D]. Weights are
laid on the states of the tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from musegraph import ConditioningPart, Context, NodeError, TextEncoder
from musegraph_nodes.diffusion.families import Encoder, Family, Reader, States, Tokens
from musegraph_nodes.diffusion.references import part_of

from .embeddings import words_of
from .names import Weighting
from .schedule import Span, Spans

if TYPE_CHECKING:
    from torch import Tensor


_NO_MEAN = 1e-5
"""A mean below this share of the spread is none: dividing by it would blow the states up."""

_PHRASE = 20
"""Tokens since the last comma that go to the next chunk together, as in A1111."""


@dataclass
class Chunk:
    """Tokens that are read together, without the two that frame them, and their weights."""

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        return all(weight == 1 for weight in self.weights)


def encode(
    family: Family, encoder: TextEncoder, text: Spans, how: Weighting, clip_skip: int, ctx: Context
) -> tuple[ConditioningPart, list[str]]:
    """The conditioning of a text, and what its encoders do not see or heed, in sentences."""
    readers = [reader for reader in family.readers if reader.given(encoder)]
    taught: set[str] = set()
    if all(reader.kind != "clip" for reader in readers):
        part, rests = family.encode(encoder, written(text), ctx, clip_skip)
        return part, _told(rests, text, "the text encoder of this model")
    # Where another encoder reads on, CLIP sees the beginning, as in the plain pipelines.
    alone = all(reader.kind == "clip" for reader in readers)
    states, rests = [], []
    for reader in family.readers:
        if not reader.given(encoder):
            absent = reader.absent(encoder)
            states += [absent] if absent else []
            continue
        with ctx.load(part_of(encoder, reader.part)) as live:
            taught |= set(live.words)
            if reader.kind == "clip":
                states.append(clip_states(reader, live, text, how, clip_skip, ctx, whole=alone))
                continue
            tokens = reader.tokens(live, written(text))
            states.append(reader.states(live, tokens, clip_skip, ctx.device))
            rests += [tokens.rest] if tokens.rest else []
    _check_words(encoder, text, taught)
    other = "" if alone else "the larger text encoder of this model"
    return family.joined(states), _told(rests, text, other)


def _told(rests: list[str], text: Spans, other: str) -> list[str]:
    told = []
    if rests:
        # The one with the most room sees all that the others see, so its end is what is lost.
        rest = min(rests, key=len)
        told.append(f"the text is too long for the model, which does not see: {rest}")
    if other and any(span is not None and span.weight != 1 for span in text):
        told.append(
            f"{other} reads words alone and knows no weights; say in words what is important, or"
            " set weighting to off to keep the brackets"
        )
    return told


def written(text: Spans) -> str:
    """A text without its weights and breaks."""
    return "".join(" " if span is None else span.text for span in text)


def clip_states(
    reader: Reader,
    live: Encoder,
    text: Spans,
    how: Weighting,
    clip_skip: int,
    ctx: Context,
    whole: bool = True,
) -> States:
    """What a CLIP makes of a text, weighted: [1,77·n,D], and of its first chunk for all [1,D]."""
    import torch

    chunks = chunks_of(live, text)
    chunks = chunks if whole else chunks[:1]
    made: list[States] = []
    for chunk in chunks:
        ctx.check()
        made.append(_weighted(reader, live, chunk, how, clip_skip, ctx.device))
    if len(made) == 1:
        return made[0]
    return replace(made[0], hidden=torch.cat([states.hidden for states in made], dim=1))


def _weighted(
    reader: Reader, live: Encoder, chunk: Chunk, how: Weighting, clip_skip: int, device: str
) -> States:
    def read(ids: list[int]) -> States:
        return reader.states(live, framed(live, ids), clip_skip, device)

    states = read(chunk.ids)
    if chunk.plain:
        return states
    hidden = states.hidden
    weights = hidden.new_ones(1, hidden.shape[1], 1)
    weights[0, 1 : len(chunk.weights) + 1, 0] = hidden.new_tensor(chunk.weights)
    if how == "from empty":
        return replace(states, hidden=from_empty(hidden, weights, read([]).hidden))
    return replace(states, hidden=keep_mean(hidden, weights))


def keep_mean(hidden: Tensor, weights: Tensor) -> Tensor:
    """States [1,L,D] times weights [1,L,1], scaled so that the mean of all stays.

    States whose mean is nothing but rounding stay as the weights make them.
    """
    made = hidden * weights
    before, after = hidden.mean(), made.mean()
    least = _NO_MEAN * hidden.std()
    if bool(before.abs() < least) or bool(after.abs() < least):
        return made
    return made * (before / after)


def from_empty(hidden: Tensor, weights: Tensor, empty: Tensor) -> Tensor:
    """States [1,L,D] moved away from those of an empty text; to the bit as they were at 1."""
    import torch

    return torch.where(weights == 1, hidden, empty + weights * (hidden - empty))


def room(live: Encoder) -> int:
    """How many tokens a chunk has beside the two that frame it."""
    tokenizer, net = live.tokenizer, live.net
    return int(min(tokenizer.model_max_length, net.config.max_position_embeddings)) - 2


def framed(live: Encoder, ids: list[int]) -> Tokens:
    """The tokens of a chunk as the tokenizer frames and pads them."""
    import torch

    tokenizer, length = live.tokenizer, room(live) + 2
    whole = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    padding = length - len(whole)
    mask = [1] * len(whole) + [0] * padding
    made = [*whole, *[tokenizer.pad_token_id] * padding]
    return Tokens(torch.tensor([made]), torch.tensor([mask]))


def chunks_of(live: Encoder, text: Spans) -> list[Chunk]:
    """A text in chunks: at each break, and where there is no more room; at least one.

    What would be cut within a phrase goes on in the next chunk from the last comma, and so does a
    learned word of several vectors.
    """
    most = room(live)
    comma = token_ids(live, ",")
    chunks = [Chunk()]
    last_comma = 0
    for span in text:
        if span is None:
            chunks.append(Chunk())
            last_comma = 0
            continue
        for ids in _words(live, span):
            now = chunks[-1]
            if now.ids and len(now.ids) + len(ids) > most:
                following = Chunk()
                if 0 < last_comma < len(now.ids) <= last_comma + _PHRASE:
                    following = Chunk(now.ids[last_comma:], now.weights[last_comma:])
                    del now.ids[last_comma:], now.weights[last_comma:]
                chunks.append(following)
                now, last_comma = following, 0
            now.ids += ids
            now.weights += [span.weight] * len(ids)
            if ids == comma:
                last_comma = len(now.ids)
    return [part for chunk in chunks for part in _divided(chunk, most)]


def _divided(chunk: Chunk, most: int) -> list[Chunk]:
    """A chunk with a learned word of more vectors than there is room for, in several."""
    starts = range(0, max(len(chunk.ids), 1), most)
    return [Chunk(chunk.ids[at : at + most], chunk.weights[at : at + most]) for at in starts]


def _words(live: Encoder, span: Span) -> Iterator[list[int]]:
    """The tokens of a span, one by one; those of a learned word together."""
    if span.embedding:
        yield list(live.words.get(span.text, ()))
        return
    done = 0
    if live.words:
        for match in _known(live.words).finditer(span.text):
            yield from ([one] for one in token_ids(live, span.text[done : match.start()]))
            yield list(live.words[match.group()])
            done = match.end()
    yield from ([one] for one in token_ids(live, span.text[done:]))


def _known(words: Any) -> re.Pattern[str]:
    """Learned words where they stand by themselves, the longest first."""
    longest = sorted(words, key=len, reverse=True)
    # Only what begins or ends like a word could be a piece of another.
    forms = (rf"(?<!\w)(?=\w){re.escape(word)}|(?!\w){re.escape(word)}" for word in longest)
    return re.compile("|".join(rf"(?:{form})(?:(?<!\w)|(?!\w))" for form in forms))


def token_ids(live: Encoder, text: str) -> list[int]:
    """The tokens of a text without those that frame it."""
    made: list[int] = live.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    return made


def _check_words(encoder: TextEncoder, text: Spans, taught: set[str]) -> None:
    """Refuse a learned word that no encoder knows: named and not added, or added in vain."""
    words = words_of(encoder.patches)
    for word in words:
        if word not in taught:
            raise NodeError(
                f"the embedding {word!r} holds no vectors as wide as those of this text encoder; it"
                " was made for another family of models"
            )
    for span in text:
        if span is not None and span.embedding and span.text not in words:
            raise NodeError(
                f"the prompt names the embedding {span.text!r}, and the encoder has"
                f" {', '.join(words) or 'none at all'}; diffusion.embedding adds one"
            )
