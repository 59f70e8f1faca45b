"""What is learned from: many told motions, kept in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from musegraph_nodes.motion.mdm.words import words_of

from .told import clip

if TYPE_CHECKING:
    from torch import Tensor

# Numbers of HumanML3D's features that belong together, and how much each of them counts: places of
# joints say everything but where the root goes; turns and speeds say it once more.
GROUPS = (
    (0, 1, 6.0), (1, 3, 6.0), (3, 4, 4.0), (4, 67, 1.0), (67, 193, 0.25), (193, 259, 0.5),
    (259, 263, 0.5),
)  # fmt: skip


class Terms(NamedTuple):
    """What a model's numbers mean: the words that it knows, and what features are measured by."""

    vocabulary: tuple[str, ...]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


class Lessons(NamedTuple):
    """Motions by their length, with what is said of them."""

    tables: list[Tensor]
    """Of each length, features [N,T,263] as deviations from the mean."""
    ids: list[Tensor]
    """Of each length, numbers of words [N,CAPTIONS,MOST]."""
    mean: Tensor
    deviation: Tensor
    vocabulary: tuple[str, ...]


def weights() -> Tensor:
    """How much each of the 263 numbers counts."""
    return torch.cat([torch.full((end - start,), worth) for start, end, worth in GROUPS])


def deviation_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The deviation of numbers, the same for all that belong together."""
    own: NDArray[np.float32] = rows.std(0)
    made = np.empty_like(own)
    for start, end, _ in GROUPS:
        made[start:end] = max(float(own[start:end].mean()), 1e-3)
    return made


def lessons(file: Path, count: int, terms: Terms | None = None) -> Lessons:
    """So many motions, which are written once and kept; in the terms of a model that there is.

    Raises ValueError where they are told in words that this model does not know.
    """
    from musegraph_nodes.motion.mdm.words import Reader, Words

    if not file.is_file():
        clips = [clip(seed) for seed in range(count)]
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            rows=np.concatenate([one.features for one in clips]).astype(np.float32),
            lengths=np.array([len(one.features) for one in clips]),
            captions=np.array([one.captions for one in clips]),
        )
    with np.load(file, allow_pickle=False) as found:
        rows, lengths, captions = found["rows"], found["lengths"], found["captions"]
    said = {word for text in set(captions.reshape(-1).tolist()) for word in words_of(text)}
    if terms is None:
        terms = Terms(tuple(sorted(said)), rows.mean(0), deviation_of(rows))
    elif strange := sorted(said.difference(terms.vocabulary)):
        raise ValueError(f"the model to begin with does not know: {', '.join(strange)}")
    vocabulary, mean, deviation = terms
    reader = Words(Reader(vocabulary, 8, 8, 1, 1))
    ends = np.cumsum(lengths)
    tables, ids = [], []
    for length in sorted(set(lengths.tolist())):
        which = np.flatnonzero(lengths == length)
        table = np.stack([rows[ends[at] - length : ends[at]] for at in which])
        tables.append(torch.from_numpy((table - mean) / deviation))
        texts = [str(text) for text in captions[which].reshape(-1)]
        ids.append(reader.ids(texts).reshape(len(which), captions.shape[1], -1))
    return Lessons(
        tables, ids, torch.from_numpy(mean), torch.from_numpy(deviation),
        vocabulary,
    )  # fmt: skip
