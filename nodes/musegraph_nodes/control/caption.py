"""Captions: what a picture shows, in words, written by a net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from musegraph import Context, Image, ModelError, ModelSource, NodeError, Text, node
from musegraph_nodes.live import quiet

from .estimators import Estimator, Precision, reference
from .planes import opaque

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Captioner(Estimator):
    """A net that writes, with what makes its pictures and what reads its tokens."""

    pictures: Any
    words: Any


@node(version="1", numeric=True, uses="device")
def caption(
    image: Annotated[Image, Field(description="One picture; image.split makes a list of a batch.")],
    source: Annotated[
        ModelSource,
        Field(
            description="A folder of transformers: BLIP, GIT, or ViT-GPT2 and its like.",
            json_schema_extra={"models": ["caption"]},
        ),
    ],
    ctx: Context,
    most: Annotated[int, Field(ge=1, le=512, description="Tokens at most.")] = 40,
    beams: Annotated[
        int,
        Field(ge=1, le=16, description="Sentences that are followed at once; 1: the next best."),
    ] = 1,
    precision: Precision = "auto",
) -> Text:
    """Say in words what a picture shows, by a net of yours: BLIP, GIT or ViT-GPT2.

    It draws nothing by chance: equal pictures have equal captions.
    """
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    if len(image.data) != 1:
        raise NodeError(
            f"a caption is of one picture, and here are {len(image.data)}; use image.split"
        )

    class Watch(StoppingCriteria):
        def __call__(self, tokens: Any, scores: Any, **_: Any) -> Any:
            ctx.progress(min(tokens.shape[1], most), most)
            return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)

    page = (opaque(image)[0].clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    ref = reference(source, "caption", precision, ctx)
    with ctx.load(ref) as live, torch.no_grad(), quiet():
        pixels = live.pictures(images=page, return_tensors="pt", input_data_format="channels_last")
        found = live.net.generate(
            pixel_values=pixels["pixel_values"].to(ctx.device, live.net.dtype),
            max_new_tokens=most,
            num_beams=beams,
            do_sample=False,
            stopping_criteria=StoppingCriteriaList([Watch()]),
        )
        (text,) = live.words.batch_decode(found, skip_special_tokens=True)
    return " ".join(str(text).split())


def captioner(net: Any, wants: dict[str, Any], place: Path, source: str) -> Captioner:
    """A net with the reader of pictures and the words that its folder brings."""
    from transformers import AutoImageProcessor, AutoTokenizer

    try:
        pictures = AutoImageProcessor.from_pretrained(
            place, local_files_only=True, trust_remote_code=False, backend="pil"
        )
        words = AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the libraries raise all kinds of errors for a damaged folder
        why = " ".join(str(error).split())[:300]
        raise ModelError(
            f"the model {source!r} lacks its preprocessor_config.json or its tokens: {why}; get its"
            " whole folder"
        ) from error
    return Captioner(net, wants, pictures, words)
