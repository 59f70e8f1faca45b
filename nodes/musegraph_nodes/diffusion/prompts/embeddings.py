"""Textual inversion: words that an encoder learns from a file, for as long as it is leased."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import (
    Context,
    ModelError,
    ModelSource,
    NodeError,
    Patch,
    TextEncoder,
    node,
    read_header,
)
from musegraph_nodes.diffusion.references import check_loader

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Encoder

KIND = "embedding"
_A1111 = ("emb_params", "string_to_param.*", "*")
_OF_PART = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
_WORD = re.compile(r"[^\s()\[\]{}|:\\]{1,80}")


@node(version="1")
def embedding(
    encoder: TextEncoder,
    source: Annotated[
        ModelSource,
        Field(
            description="One .safetensors file of an embedding: of A1111, diffusers, or SDXL.",
            json_schema_extra={"models": ["embedding"]},
        ),
    ],
    ctx: Context,
    token: Annotated[
        str,
        Field(description="The word for it in prompts; empty: the one in the file, or its name."),
    ] = "",
) -> TextEncoder:
    """Teach a text encoder a word (textual inversion, https://arxiv.org/abs/2208.01618).

    The prompt names it as embedding:word, or by the word itself. It may be of several vectors,
    which take the place of as many tokens. The encoder is as before where it is used without.
    """
    check_loader(encoder)
    found = ctx.weights(source)
    file = _file_of(found.path, source)
    word = token.strip() or _word_of(file)
    if not _WORD.fullmatch(word):
        raise NodeError(
            f"{word!r} cannot be a word for an embedding: brackets, colons and spaces mean"
            " something else in prompts; set token to another"
        )
    if word in words_of(encoder.patches):
        raise NodeError(f"the encoder has an embedding {word!r} already; set token to another word")
    patch = Patch(source=source, digest=found.digest, options={"kind": KIND, "token": word})
    return encoder.model_copy(update={"patches": (*encoder.patches, patch)})


def words_of(patches: Sequence[Patch]) -> list[str]:
    """The words that patches teach."""
    return [str(patch.options["token"]) for patch in patches if patch.options.get("kind") == KIND]


@contextmanager
def learned(
    live: Encoder, part: str, patches: Sequence[Patch], place: Callable[[Patch], Path]
) -> Iterator[None]:
    """A live encoder that knows the words of patches; afterwards it is what it was.

    Its embedding matrix is not touched: the new vectors lie beside it, under ids below zero, so
    that a CLIP that finds the end of a text by the highest id still finds it.
    """
    import torch

    net = live.net
    before = net.get_input_embeddings()
    weight = before.weight
    vectors: list[Tensor] = []
    for patch in patches:
        own = vectors_for(_file_of(place(patch), patch.source), part, weight.shape[-1])
        ids = range(-1 - len(vectors), -1 - len(vectors) - len(own), -1)
        vectors += own.to(device=weight.device, dtype=weight.dtype).unbind()
        if len(own):
            live.words[str(patch.options["token"])] = tuple(ids)
    if vectors:
        net.set_input_embeddings(_beside(before, torch.stack(vectors)))
    try:
        yield
    finally:
        net.set_input_embeddings(before)
        live.words.clear()


def _beside(before: Any, vectors: Tensor) -> Any:
    """An embedding matrix, and vectors for the ids -1, -2 and so on."""
    import torch

    class Beside(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before = before
            self.weight = before.weight

        def forward(self, ids: Tensor) -> Tensor:
            known = self.before(ids.clamp(min=0))
            taught = vectors[(-1 - ids).clamp(min=0)]
            return torch.where(ids[..., None] < 0, taught, known)

    return Beside()


def vectors_for(file: Path, part: str, width: int) -> Tensor:
    """The vectors [N,D] of a file for one encoder; none [0,D] if it holds none of that width."""
    import torch
    from safetensors import safe_open

    names = _names(read_header(file), file)
    name = names.get("") or names.get(_OF_PART.get(part, ""))
    if name is None:
        return torch.zeros(0, width)
    with safe_open(file, "pt") as opened:
        found: Tensor = opened.get_tensor(name)
    found = found.reshape(-1, found.shape[-1])
    return found if found.shape[-1] == width else torch.zeros(0, width)


def _names(header: Mapping[str, Mapping[str, Any]], file: Path) -> dict[str, str]:
    """The tensors of an embedding by what they are for: clip_l, clip_g, or nothing said."""
    known = {part: part for part in _OF_PART.values() if part in header}
    if not known:
        of_a1111 = [name for name in _A1111 if name in header]
        names = of_a1111 or (list(header) if len(header) == 1 else [])
        known = {"": names[0]} if names else {}
    if not known or any(len(header[name]["shape"]) not in (1, 2) for name in known.values()):
        raise ModelError(
            f"{file.name} is no embedding: it holds {len(header)} tensors"
            f" ({next(iter(header), 'none')} …), and one is wanted, or clip_l and clip_g"
        )
    return known


def _word_of(file: Path) -> str:
    names = _names(read_header(file), file)
    name = names.get("", "")
    own = name if name and name not in _A1111 else ""
    return own or file.stem


def _file_of(place: Path, source: str) -> Path:
    """The file of an embedding: itself, or the only one in its folder."""
    files = [place] if place.is_file() else sorted(place.glob("*.safetensors"))
    if len(files) != 1:
        raise ModelError(
            f"the folder of the embedding {source!r} holds {len(files)} .safetensors files; name"
            " the one that is meant"
        )
    if files[0].suffix != ".safetensors":
        raise ModelError(
            f"the embedding {source!r} is a {files[0].suffix or 'nameless'} file; only .safetensors"
            " files are opened"
        )
    return files[0]
