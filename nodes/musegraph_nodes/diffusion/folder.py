"""A model folder in the layout of Diffusers: read by its JSON, checked, nothing loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musegraph import ModelError, read_header

from .weights import PICKLES, same_in_text_encoders, same_in_vaes, sampled_digest, stored_type

PIPELINES = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline")
_CLASSES = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
_VARIANTS = ("", "fp16", "bf16")


@dataclass(frozen=True)
class Component:
    """A part with weights: its configuration, its files, which variant, how they are stored.

    ``prefix`` is what the names of its tensors begin with in a file that also holds other parts.
    """

    config: dict[str, Any]
    files: tuple[Path, ...]
    variant: str
    stored: str
    prefix: str = ""


@dataclass(frozen=True)
class Folder:
    """All parts of a model, found whole and fitting each other."""

    unet: Component
    vae: Component
    text_encoder: Component
    scheduler: dict[str, Any]

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        return int(self.vae.config.get("latent_channels", 4))

    @property
    def scale(self) -> int:
        """Pixels along one latent cell."""
        return int(2 ** (len(self.vae.config.get("block_out_channels", (64,))) - 1))

    @property
    def scaling(self) -> float:
        """What the autoencoder's output is multiplied by to be a latent."""
        return float(self.vae.config.get("scaling_factor", 0.18215))

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels that it was trained for, if the configuration says so."""
        cells = self.unet.config.get("sample_size")
        if cells is None:
            return None
        high, wide = cells if isinstance(cells, list) else (cells, cells)
        return int(wide) * self.scale, int(high) * self.scale

    @property
    def latent_family(self) -> str:
        """What its latents are: a known name, else one that only the same autoencoder has."""
        known = {(4, 8, 0.18215): "sd15", (4, 8, 0.13025): "sdxl"}
        name = known.get((self.channels, self.scale, self.scaling))
        if name is not None:
            return name
        own = sampled_digest(self.vae.files, same_in_vaes(self.vae.prefix))
        return f"c{self.channels}-f{self.scale}-{own}"

    @property
    def text_family(self) -> str:
        """What its conditioning is: a known name, else one that only the same encoder has."""
        config = self.text_encoder.config
        width, layers = config.get("hidden_size", 512), config.get("num_hidden_layers", 12)
        known = {(768, 12, 49408): "sd15", (1024, 23, 49408): "sd21"}
        name = known.get((width, layers, config.get("vocab_size", 49408)))
        if name is not None:
            return name
        encoder = self.text_encoder
        return (
            f"clip-{width}-{sampled_digest(encoder.files, same_in_text_encoders(encoder.prefix))}"
        )


def read_folder(place: Path, source: str) -> Folder:
    """Read the JSON of a model folder; :class:`ModelError` says what is missing or damaged."""
    index = read_json(place / "model_index.json", source)
    pipeline = index.get("_class_name")
    if pipeline not in PIPELINES:
        raise ModelError(
            f"the model {source!r} is for the pipeline {pipeline}; this version opens those for"
            f" {PIPELINES[0]}, others come with later versions"
        )
    for part, classes in _CLASSES.items():
        _check_class(index, part, classes, source)
    check_tokenizer(place / "tokenizer", source)
    scheduler = read_json(place / "scheduler" / "scheduler_config.json", source)
    unet, vae, text = (_component(place / part, source) for part in WEIGHTS)
    folder = Folder(unet, vae, text, scheduler)
    check_fit(folder, source)
    return folder


def read_json(file: Path, source: str) -> dict[str, Any]:
    """The object in a JSON file of a model; :class:`ModelError` if it is missing or damaged."""
    inside = file.relative_to(file.parents[1])
    if file.name == "model_index.json" and not file.is_file():
        raise ModelError(
            f"the folder {file.parent} holds no model_index.json, so {source!r} is no model in the"
            " layout of Diffusers; name the folder in which that file lies"
        )
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"the model {source!r} is incomplete: {inside} is missing in {file.parents[1]};"
            " get the folder again"
        ) from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{file} is damaged: it is no JSON; get it again") from None
    if not isinstance(found, dict):
        raise ModelError(f"{file} is damaged: it is no JSON object; get it again")
    return found


def _check_class(index: dict[str, Any], part: str, classes: tuple[str, ...], source: str) -> None:
    entry = index.get(part)
    name = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
    if name is None:
        raise ModelError(
            f"the model {source!r} has no {part}: model_index.json names none; this version needs"
            " unet, vae, text_encoder and tokenizer in one folder"
        )
    if name not in classes:
        raise ModelError(
            f"the {part} of the model {source!r} is of the class {name}; this version opens"
            f" {classes[0]}"
        )


def check_tokenizer(place: Path, source: str) -> None:
    """Refuse a tokenizer's folder that lacks a file."""
    parts = ("vocab.json", "merges.txt")
    missing = [name for name in parts if not (place / name).is_file()]
    if missing and not (place / "tokenizer.json").is_file():
        raise ModelError(
            f"the model {source!r} is incomplete: tokenizer/{missing[0]} is missing in"
            f" {place.parent}; get the folder again"
        )


def _component(place: Path, source: str) -> Component:
    config = read_json(place / "config.json", source)
    stem = WEIGHTS[place.name]
    for variant in _VARIANTS:
        middle = f".{variant}" if variant else ""
        whole = place / f"{stem}{middle}.safetensors"
        index = place / f"{stem}.safetensors.index{middle}.json"
        if whole.is_file():
            files: tuple[Path, ...] = (whole,)
        elif index.is_file():
            files = _shards(index, source)
        else:
            continue
        headers = {name: entry for file in files for name, entry in read_header(file).items()}
        return Component(config, files, variant, stored_type(headers))
    pickles = sorted(file.name for file in place.glob("*") if file.suffix in PICKLES)
    if pickles:
        raise ModelError(
            f"the {place.name} of the model {source!r} is there only as a pickle ({pickles[0]}),"
            f" which can run code when it is opened, so it never is; put {stem}.safetensors beside"
            " it"
        )
    raise ModelError(
        f"the model {source!r} is incomplete: {place.name}/{stem}.safetensors is missing in"
        f" {place.parent}; get the folder again"
    )


def _shards(index: Path, source: str) -> tuple[Path, ...]:
    names = read_json(index, source).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise ModelError(f"{index} is damaged: it names no files; get it again")
    files = tuple(index.parent / Path(str(name)).name for name in sorted(set(names.values())))
    for file in files:
        if not file.is_file():
            raise ModelError(
                f"the model {source!r} is incomplete: {index.parent.name}/{file.name} is missing"
                f" in {index.parents[1]}; get the folder again"
            )
    return files


def check_fit(folder: Folder, source: str) -> None:
    """Refuse parts that do not work together, or of a kind that comes later."""
    unet = folder.unet.config
    reads, channels = unet.get("in_channels", 4), folder.channels
    if reads == 9:
        raise ModelError(
            f"the model {source!r} is made for inpainting: its unet reads 9 channels; such models"
            " come with a later version"
        )
    if reads != channels:
        raise ModelError(
            f"the parts of the model {source!r} do not fit: its unet reads {reads} channels and its"
            f" vae makes {channels}"
        )
    wide, width = unet.get("cross_attention_dim", 1280), folder.text_encoder.config
    if wide != width.get("hidden_size", 512):
        raise ModelError(
            f"the parts of the model {source!r} do not fit: its unet takes texts {wide} wide and"
            f" its text_encoder makes them {width.get('hidden_size', 512)} wide"
        )
    wanted = [
        name
        for name in ("time_cond_proj_dim", "addition_embed_type", "class_embed_type")
        if unet.get(name) is not None
    ]
    if wanted:
        raise ModelError(
            f"the unet of the model {source!r} wants more than a text ({', '.join(wanted)}); such"
            " models come with a later version"
        )
