"""A model in one file, in the original layout of Stable Diffusion 1.x: read by its header alone.

Such a file holds the three nets under the names of the code that they were trained with
(https://github.com/CompVis/latent-diffusion) and no configuration. Widths and depths follow from
the shapes of the tensors; what no shape tells (heads, groups of norms, the schedule) is taken from
Stable Diffusion 1.x, or from the folder ``NAME.config`` beside the file, which is laid out as a
folder of Diffusers without weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from musegraph import ModelError, read_header
from musegraph_nodes.diffusion.families import FAMILIES

from .folder import check_tokenizer, read_json
from .found import Component, Found
from .weights import PICKLES, stored_type

SHIPPED = Path(__file__).parent / "configs" / "sd15"
PREFIXES = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "cond_stage_model.transformer.",
}
_TEXT = "cond_stage_model.transformer.text_model."
_FIRST = {
    "unet": "model.diffusion_model.input_blocks.0.0.weight",
    "vae": "first_stage_model.decoder.conv_in.weight",
    "text_encoder": f"{_TEXT}embeddings.token_embedding.weight",
}
# What training left in the file and pictures do not need: the schedule as tables, copies of the
# weights averaged over time, and counters.
_LEFT = re.compile(
    r"(model_ema\.|(sqrt_|log_)?(one_minus_|recip_|recipm1_)?alphas_cumprod|betas$|posterior_"
    r"|logvar$|lvlb_weights$|first_stage_model\.loss\."
    r"|cond_stage_model\.transformer\.text_model\.embeddings\.position_ids$)"
)
_OTHERS = {
    "conditioner.embedders.": "Stable Diffusion XL",
    "cond_stage_model.model.": "Stable Diffusion 2",
    "joint_blocks.": "Stable Diffusion 3",
    "model.diffusion_model.joint_blocks.": "Stable Diffusion 3",
    "double_blocks.": "Flux",
    "model.diffusion_model.double_blocks.": "Flux",
}
Header = dict[str, dict[str, Any]]


def settings_of(place: Path) -> Path:
    """The folder beside a model file in which its configuration may lie."""
    return place.with_suffix(".config")


def read_single(place: Path, source: str) -> Found:
    """Read a file's header; :class:`ModelError` says what it lacks, or what it is instead."""
    if place.suffix in PICKLES:
        raise ModelError(
            f"the model {source!r} is a pickle ({place.suffix}): it can run code when it is opened,"
            " so it never is; get it as .safetensors"
        )
    if place.suffix != ".safetensors":
        raise ModelError(
            f"the model {source!r} is neither a folder nor a .safetensors file; name a folder in"
            " the layout of Diffusers, or one .safetensors file of Stable Diffusion 1.x"
        )
    header = read_header(place)
    _check_names(header, source)
    inferred = {"unet": _unet, "vae": _vae, "text_encoder": _text_encoder}
    parts = {}
    for part, prefix in PREFIXES.items():
        own = {name: entry for name, entry in header.items() if name.startswith(prefix)}
        config = _given(place, part, source)
        if config is None:
            config = _shipped(part, source) | _inferred(inferred[part], own, part, source)
            _check_defaults(part, config, place, source)
        parts[part] = Component(config, (place,), "", stored_type(own), prefix)
    scheduler = _given(place, "scheduler", source) or _shipped("scheduler", source)
    family = FAMILIES["sd"]
    found = Found(family.name, family.net, parts, scheduler)
    family.check(found, source)
    tokenizer_of(place, parts["text_encoder"].config, source)
    return found


def tokenizer_of(place: Path, text_encoder: dict[str, Any], source: str) -> Path:
    """The folder of a model file's tokenizer: its own, else that of CLIP if it is as large."""
    own = settings_of(place) / "tokenizer"
    if own.is_dir():
        check_tokenizer(own, source)
        return own
    size, known = text_encoder.get("vocab_size"), _shipped("text_encoder", source)["vocab_size"]
    if size == known:
        return SHIPPED / "tokenizer"
    raise ModelError(
        f"the text encoder of the model {source!r} knows {size} tokens, not the {known} of CLIP,"
        f" and the file holds no tokenizer: put its vocab.json and merges.txt into {own}"
    )


def left_over(name: str) -> bool:
    """Whether a tensor is one that training left in the file."""
    return _LEFT.match(name) is not None


def _check_names(header: Header, source: str) -> None:
    """Refuse a file that is no Stable Diffusion 1.x, or holds something that nothing reads."""
    for prefix, family in _OTHERS.items():
        if any(name.startswith(prefix) for name in header):
            raise ModelError(
                f"the model {source!r} is a single file of {family}; this version opens single"
                " files of Stable Diffusion 1.x"
            )
    lacking = [name for name in _FIRST.values() if name not in header]
    if len(lacking) == len(_FIRST):
        raise ModelError(
            f"the model {source!r} is no checkpoint in the original layout of Stable Diffusion"
            f" 1.x: it holds no {lacking[0]}; a part of a model alone, or one in the layout of"
            " Diffusers, comes as a folder with a model_index.json"
        )
    if lacking:
        raise ModelError(_not_whole(source, lacking))
    known = tuple(PREFIXES.values())
    unknown = [name for name in header if not name.startswith(known) and not left_over(name)]
    if unknown:
        raise ModelError(
            f"the model {source!r} holds {counted(unknown)} that Stable Diffusion 1.x has not; it"
            " is of another kind, or something was added to it that this version does not read"
        )


def _not_whole(source: str, lacking: list[str]) -> str:
    return f"the model {source!r} is not whole: it lacks {counted(lacking)}; get the file again"


def counted(names: list[str]) -> str:
    """Such as ``3 tensors (a, b …)``."""
    shown = ", ".join(sorted(names)[:2]) + (" …" if len(names) > 2 else "")
    return f"{len(names)} tensor{'s' if len(names) != 1 else ''} ({shown})"


def _file_of(part: str) -> Path:
    return Path(part) / ("config.json" if part in PREFIXES else "scheduler_config.json")


def _given(place: Path, part: str, source: str) -> dict[str, Any] | None:
    """The configuration beside the file, if there is one."""
    file = settings_of(place) / _file_of(part)
    return read_json(file, source) if file.is_file() else None


def _shipped(part: str, source: str) -> dict[str, Any]:
    return read_json(SHIPPED / _file_of(part), source)


class _Shapes:
    """The shapes of a part's tensors, by their names without its prefix."""

    def __init__(self, own: Header, prefix: str) -> None:
        self.prefix = prefix
        self.shapes = {name.removeprefix(prefix): own[name]["shape"] for name in own}

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def side(self, name: str, axis: int) -> int:
        """One side of a tensor's shape; ``KeyError`` with its whole name if it is not there."""
        if name not in self.shapes or len(self.shapes[name]) <= axis:
            raise KeyError(self.prefix + name)
        return int(self.shapes[name][axis])

    def count(self, stem: str) -> int:
        """How many numbers follow a stem, such as the layers of ``layers.``."""
        numbers = {
            name.removeprefix(stem).split(".")[0] for name in self.shapes if name.startswith(stem)
        }
        return len(numbers)


def _inferred(infer: Any, own: Header, part: str, source: str) -> dict[str, Any]:
    try:
        made: dict[str, Any] = infer(_Shapes(own, PREFIXES[part]))
    except KeyError as error:
        raise ModelError(_not_whole(source, [str(error.args[0])])) from None
    return made


def _unet(shapes: _Shapes) -> dict[str, Any]:
    """Levels end where their resolution is halved, in a block that is only ``op``."""
    widths: list[int] = []
    crossed: list[bool] = []
    layers = wide = 0
    fresh = True
    for index in range(1, shapes.count("input_blocks.")):
        block = f"input_blocks.{index}"
        if f"{block}.0.op.weight" in shapes:
            fresh = True
            continue
        width = shapes.side(f"{block}.0.out_layers.3.weight", 0)
        looks = f"{block}.1.transformer_blocks.0.attn2.to_k.weight"
        if fresh:
            widths.append(width)
            crossed.append(looks in shapes)
        if looks in shapes:
            wide = shapes.side(looks, 1)
        layers += len(widths) == 1
        fresh = False
    down = ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in crossed]
    up = ["CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(crossed)]
    return {
        "in_channels": shapes.side("input_blocks.0.0.weight", 1),
        "out_channels": shapes.side("out.2.weight", 0),
        "block_out_channels": widths,
        "down_block_types": down,
        "up_block_types": up,
        "layers_per_block": layers,
        "cross_attention_dim": wide,
    }


def _vae(shapes: _Shapes) -> dict[str, Any]:
    levels = shapes.count("encoder.down.")
    return {
        "in_channels": shapes.side("encoder.conv_in.weight", 1),
        "out_channels": shapes.side("decoder.conv_out.weight", 0),
        "latent_channels": shapes.side("decoder.conv_in.weight", 1),
        "block_out_channels": [
            shapes.side(f"encoder.down.{level}.block.0.conv1.weight", 0) for level in range(levels)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": shapes.count("encoder.down.0.block."),
    }


def _text_encoder(shapes: _Shapes) -> dict[str, Any]:
    """The heads of every CLIP are 64 wide."""
    words = "text_model.embeddings.token_embedding.weight"
    return {
        "vocab_size": shapes.side(words, 0),
        "hidden_size": shapes.side(words, 1),
        "num_attention_heads": max(1, shapes.side(words, 1) // 64),
        "projection_dim": shapes.side(words, 1),
        "intermediate_size": shapes.side("text_model.encoder.layers.0.mlp.fc1.weight", 0),
        "num_hidden_layers": shapes.count("text_model.encoder.layers."),
        "max_position_embeddings": shapes.side(
            "text_model.embeddings.position_embedding.weight", 0
        ),
    }


def _check_defaults(part: str, config: dict[str, Any], place: Path, source: str) -> None:
    """Refuse widths that the heads and groups of Stable Diffusion 1.x do not divide."""
    widths = config.get("block_out_channels", [config.get("hidden_size", 0)])
    divisors = [
        config[name]
        for name in ("norm_num_groups", "attention_head_dim", "num_attention_heads")
        if name in config
    ]
    if not widths or any(width % divisor for width in widths for divisor in divisors):
        raise ModelError(
            f"the {part} of the model {source!r} is {widths} wide, which is not how Stable"
            " Diffusion 1.x is built, and the file does not tell the rest; put its configuration"
            f" at {settings_of(place) / _file_of(part)}"
        )
