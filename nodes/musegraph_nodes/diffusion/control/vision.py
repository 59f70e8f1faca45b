"""Encoders of pictures: what is to be seen, as embeddings that other models read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from musegraph import (
    Conditioning,
    ConditioningPart,
    Context,
    Image,
    Loader,
    ModelError,
    ModelSource,
    NodeError,
    Reference,
    Vision,
    node,
    read_header,
)
from musegraph_nodes.diffusion.layouts.settings import read_json
from musegraph_nodes.diffusion.layouts.weights import stored_type

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LOADER = "diffusion.vision"
_ACTIVATIONS = {1024: "quick_gelu", 1280: "gelu", 1664: "gelu"}
"""Of the CLIPs that are shared as single files, by width: L, H, bigG; all have 16 heads."""


@dataclass(frozen=True)
class Seer:
    """A live encoder of pictures, with what prepares them for it."""

    net: Any
    processor: Any


@node(version="1", title="Load picture encoder")
def load_vision(
    source: Annotated[
        ModelSource,
        Field(
            description="A folder with a CLIP for pictures, or one .safetensors file of it.",
            json_schema_extra={"models": ["vision"]},
        ),
    ],
    ctx: Context,
    precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Field(description="Of the arithmetic. auto: float32 on the CPU; on a GPU as it is stored."),
    ] = "auto",
) -> Vision:
    """Open an encoder of pictures, the half of CLIP (https://arxiv.org/abs/2103.00020) that sees.

    IP-Adapters say which one they were trained with: most for Stable Diffusion 1.5 with ViT-H, most
    for SDXL with ViT-H or ViT-bigG.
    """
    place = ctx.weights(source)
    config, file = _found(place.path, source)
    stored = stored_type(read_header(file))
    return Vision(
        loader=LOADER,
        source=source,
        digest=place.digest,
        family=f"clip-{config.get('projection_dim', 512)}",
        options={"precision": precision, "stored": stored},
    )


@node(version="1", title="Embed picture", numeric=True, uses="device")
def embed_image(
    vision: Vision,
    image: Image,
    ctx: Context,
    states: Annotated[
        Literal["pooled", "tokens"],
        Field(description="One vector for a picture, or one for each of its patches."),
    ] = "pooled",
) -> Conditioning:
    """Embed pictures: ``image_embeds`` [1,B,D], or [1,B,L,D] with one of each patch.

    A whole batch is embedded together, as several pictures of one thing.
    """
    check_vision(vision)
    with ctx.load(vision) as live:
        shown, _ = embeddings(live, image, states == "tokens", ctx.device)
    return Conditioning((ConditioningPart({"image_embeds": shown}),), vision.family)


def check_vision(vision: Vision) -> None:
    """Refuse a reference that another pack made."""
    if vision.loader != LOADER:
        raise NodeError(
            f"the reference to {vision.source!r} was made for {vision.loader!r}; link one that"
            " diffusion.load_vision gives"
        )


def embeddings(live: Seer, image: Image, tokens: bool, device: str) -> tuple[Tensor, Tensor]:
    """Embeddings of pictures and of no picture, [1,B,…] float32, as IP-Adapters want them."""
    import torch

    pixels = live.processor(_pictures(image), return_tensors="pt").pixel_values
    pixels = pixels.to(device=device, dtype=live.net.dtype)
    with torch.no_grad():
        if not tokens:
            seen = live.net(pixels).image_embeds
            return seen[None].float(), torch.zeros_like(seen)[None].float()
        seen = live.net(pixels, output_hidden_states=True).hidden_states[-2]
        none = live.net(torch.zeros_like(pixels), output_hidden_states=True).hidden_states[-2]
        return seen[None].float(), none[None].float()


def _pictures(image: Image) -> list[Any]:
    """Pictures of 8 bits, as the processor of CLIP was trained with them."""
    from PIL import Image as Pictures

    pixels = (image.data[..., :3].float().clamp(0, 1) * 255).round().byte().cpu().numpy()
    return [Pictures.fromarray(one) for one in pixels]


def _found(place: Path, source: str) -> tuple[dict[str, Any], Path]:
    """The configuration of an encoder and its weights."""
    if place.is_file():
        if place.suffix != ".safetensors":
            raise ModelError(
                f"{source!r} is a {place.suffix or 'nameless'} file; only .safetensors files and"
                " folders are opened"
            )
        return _config_of(place, source), place
    config = read_json(place / "config.json", source)
    if "CLIPVisionModelWithProjection" not in config.get("architectures", ()):
        raise ModelError(
            f"{source!r} is no encoder of pictures: its config.json names"
            f" {', '.join(config.get('architectures', ())) or 'nothing'} and not"
            " CLIPVisionModelWithProjection; IP-Adapters have theirs in the folder image_encoder"
        )
    file = place / "model.safetensors"
    if not file.is_file():
        raise ModelError(
            f"the encoder {source!r} is not whole: {place} has no model.safetensors; get it again"
        )
    return config, file


def _config_of(file: Path, source: str) -> dict[str, Any]:
    """The configuration that the shapes in a single file tell of."""
    shapes = {name: entry["shape"] for name, entry in read_header(file).items()}
    start = "vision_model." if any(name.startswith("vision_model.") for name in shapes) else ""
    patches = shapes.get(f"{start}embeddings.patch_embedding.weight")
    projection = shapes.get("visual_projection.weight")
    width = patches[0] if patches else 0
    if patches is None or projection is None or width not in _ACTIVATIONS:
        raise ModelError(
            f"{source!r} is no CLIP for pictures of a known size; name the folder with its"
            " config.json instead"
        )
    layers = sum(
        name.startswith(f"{start}encoder.layers.") and name.endswith(".layer_norm1.weight")
        for name in shapes
    )
    cells = shapes[f"{start}embeddings.position_embedding.weight"][0] - 1
    return {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "intermediate_size": shapes[f"{start}encoder.layers.0.mlp.fc1.weight"][0],
        "patch_size": patches[-1],
        "image_size": round(cells**0.5) * patches[-1],
        "projection_dim": projection[0],
        "hidden_act": _ACTIVATIONS[width],
    }


def load(ref: Reference, place: Path, device: str) -> Seer:
    """The live encoder, with its processor."""
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

    from musegraph_nodes.live import precision_of, quiet

    dtype: torch.dtype = precision_of(ref, device)
    with quiet():
        if place.is_file():
            from safetensors.torch import load_file

            config = CLIPVisionConfig(**_config_of(place, ref.source))
            net: Any = CLIPVisionModelWithProjection.from_pretrained(
                None, config=config, state_dict=load_file(place), dtype=dtype
            )
        else:
            net = CLIPVisionModelWithProjection.from_pretrained(
                place, dtype=dtype, local_files_only=True, use_safetensors=True
            )
        side = net.config.image_size
        told = place / "preprocessor_config.json"
        processor: Any = (
            CLIPImageProcessor.from_pretrained(place, local_files_only=True)
            if told.is_file()
            else CLIPImageProcessor(size=side, crop_size=side)
        )
    return Seer(net.to(device).eval().requires_grad_(False), processor)


def size(live: Seer) -> int:
    """The bytes of a live encoder."""
    return sum(t.numel() * t.element_size() for t in live.net.state_dict().values())


vision = Loader(load, size)
