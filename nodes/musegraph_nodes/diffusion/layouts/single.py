"""A model in one file, or a part of one: read by its header alone.

A single file holds no configuration. What its shapes do not tell (heads, groups of norms, the
schedule) is taken from the configurations that come with this pack, or from the folder
``NAME.config`` beside the file, which is laid out as a folder of Diffusers; parts that the file
lacks may lie there with their weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from musegraph import ModelError, read_gguf, read_header
from musegraph_nodes.diffusion.families import FAMILIES, Family, Words

from .folder import check_tokenizer, component_of
from .found import Component, Found
from .originals import CONFIGS, SD15, Original, Slot, layout_of, left_over, recognised
from .settings import read_json, settings_of
from .shapes import Shapes, divided
from .weights import PICKLES, Header, stored_type

SHIPPED = CONFIGS / "sd15"
_SUFFIXES = (".safetensors", ".gguf")


def read_single(place: Path, source: str) -> Found:
    """Read a file's header; :class:`ModelError` says what it lacks, or what it is instead."""
    header = header_of(place, source)
    original = recognised(header)
    if original is None:
        raise ModelError(
            f"the model {source!r} is no checkpoint in the original layout of a family that this"
            f" version opens ({', '.join(family.title for family in FAMILIES.values())}): it holds"
            f" no {_first(SD15, 'unet')}; a part of a model alone is linked beside a denoiser, and"
            " one in the layout of Diffusers comes as a folder with a model_index.json"
        )
    family = FAMILIES[original.family]
    prefixes = original.finds(header)
    _check_names(header, original, prefixes, family, source)
    parts = {
        part: _component(place, part, original.slots[part], prefix, header, source)
        for part, prefix in prefixes.items()
    }
    for part, kind in family.kinds.items():
        beside = settings_of(place) / part
        if part not in parts and any(beside.glob(f"{kind.stem}*")):
            parts[part] = component_of(beside, kind, source)
    scheduler = _scheduler(place, original, parts[family.net], header, source)
    return Found(family.name, family.net, parts, scheduler)


def read_part(place: Path, part: str, family: Family, source: str) -> Component:
    """One part of a model, out of a file or folder of its own, or out of a whole checkpoint."""
    if place.is_dir():
        kind = family.kinds[part]
        inside = place / part
        return component_of(inside if inside.is_dir() else place, kind, source)
    header = header_of(place, source)
    original = recognised(header)
    slots = original.slots if original is not None and original.family == family.name else {}
    slot = slots.get(part, layout_of(family.name, part))
    prefix = slot.prefix(header) if slot else None
    beside = settings_of(place) / part
    if prefix is None and any(beside.glob(f"{family.kinds[part].stem}*")):
        return component_of(beside, family.kinds[part], source)
    if slot is None:
        raise ModelError(
            f"{source!r} is a file, and the {part} of {family.title} is opened from a folder in the"
            " layout of Diffusers only; link such a folder"
        )
    if prefix is None:
        raise ModelError(
            f"{source!r} holds no {part} of {family.title}: it has no"
            f" {' or '.join(slot.marks)}; link the file of that part"
        )
    return _component(place, part, slot, prefix, header, source)


def header_of(place: Path, source: str) -> Header:
    """The names and shapes in a weight file; pickles are refused unread."""
    if place.suffix in PICKLES:
        raise ModelError(
            f"the model {source!r} is a pickle ({place.suffix}): it can run code when it is opened,"
            " so it never is; get it as .safetensors"
        )
    if place.suffix not in _SUFFIXES:
        raise ModelError(
            f"the model {source!r} is neither a folder nor a .safetensors or .gguf file; name a"
            " folder in the layout of Diffusers, or one file of a model"
        )
    return read_gguf(place).tensors if place.suffix == ".gguf" else read_header(place)


def tokenizer_of(
    place: Path, words: Words, encoder: dict[str, Any], source: str
) -> tuple[Path, dict[str, Any]]:
    """The folder of a tokenizer, and options: its own, else that of CLIP if it is as large."""
    own = settings_of(place) / words.folder if place.is_file() else place / words.folder
    if own.is_dir():
        check_tokenizer(own, words, source)
        return own, {}
    if place.is_dir() and words.lies_in(place):
        return place, {}
    size = encoder.get("vocab_size")
    if not words.classes[0].startswith("CLIP"):
        raise ModelError(
            f"the model {source!r} reads texts with a {words.classes[0]}, whose words are not in"
            f" the file and do not come with this pack: put its {words.files[-1][0]} (or"
            f" {' and '.join(words.files[0])}) into {own}"
        )
    known = _shipped("sd15/text_encoder", source)["vocab_size"]
    if size == known:
        # OpenCLIP fills up with its first word, and differs from CLIP in this function too.
        fill = {"pad_token": "!"} if encoder.get("hidden_act") == "gelu" else {}
        return SHIPPED / "tokenizer", fill
    raise ModelError(
        f"the text encoder of the model {source!r} knows {size} tokens, not the {known} of CLIP,"
        f" and the file holds no tokenizer: put its vocab.json and merges.txt into {own}"
    )


def counted(names: list[str]) -> str:
    """Such as ``3 tensors (a, b …)``."""
    shown = ", ".join(sorted(names)[:2]) + (" …" if len(names) > 2 else "")
    return f"{len(names)} tensor{'s' if len(names) != 1 else ''} ({shown})"


def _first(original: Original, part: str) -> str:
    slot = original.slots[part]
    return slot.prefixes[0] + slot.marks[0]


def _check_names(
    header: Header, original: Original, prefixes: dict[str, str], family: Family, source: str
) -> None:
    """Refuse a file that lacks its denoiser, or holds something that nothing reads."""
    if family.net not in prefixes:
        raise ModelError(_not_whole(source, [_first(original, family.net)]))
    slot = original.slots[family.net]
    if slot.names == "unet" and prefixes[family.net] + slot.marks[0] not in header:
        raise ModelError(_not_whole(source, [_first(original, family.net)]))
    if "" in prefixes.values():
        return
    known = tuple(prefixes.values())
    unknown = [name for name in header if not name.startswith(known) and not left_over(name)]
    if unknown:
        raise ModelError(
            f"the model {source!r} holds {counted(unknown)} that {original.title} has not; it"
            " is of another kind, or something was added to it that this version does not read"
        )


def _not_whole(source: str, lacking: list[str]) -> str:
    return f"the model {source!r} is not whole: it lacks {counted(lacking)}; get the file again"


def _component(
    place: Path, part: str, slot: Slot, prefix: str, header: Header, source: str
) -> Component:
    own = {
        name: entry
        for name, entry in header.items()
        if name.startswith(prefix) and not left_over(name)
    }
    config = _given(place, part, source)
    if config is None:
        config = _shipped(slot.shipped, source) | _inferred(slot, own, prefix, source)
        _check_defaults(part, config, place, source)
    return Component(config, (place,), "", stored_type(own), prefix, slot.names)


def _given(place: Path, part: str, source: str) -> dict[str, Any] | None:
    """The configuration beside the file, if there is one."""
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    file = settings_of(place) / part / name
    return read_json(file, source) if file.is_file() else None


def _shipped(folder: str, source: str) -> dict[str, Any]:
    name = "scheduler_config.json" if folder.endswith("scheduler") else "config.json"
    return read_json(CONFIGS / folder / name, source)


def _inferred(slot: Slot, own: Header, prefix: str, source: str) -> dict[str, Any]:
    try:
        return slot.infer(Shapes(own, prefix))
    except KeyError as error:
        raise ModelError(_not_whole(source, [str(error.args[0])])) from None


def _scheduler(
    place: Path, original: Original, net: Component, header: Header, source: str
) -> dict[str, Any]:
    """The schedule beside the file, else that of the family, as far as the file does not tell."""
    given = _given(place, "scheduler", source)
    if given is not None:
        return given
    schnell = original.family == "flux" and not net.config["guidance_embeds"]
    made = _shipped("flux-schnell/scheduler" if schnell else original.scheduler, source)
    if "v_pred" in header:  # so people who train such models mark them
        made["prediction_type"] = "v_prediction"
    if "ztsnr" in header:
        made["rescale_betas_zero_snr"] = True
    return made


def _check_defaults(part: str, config: dict[str, Any], place: Path, source: str) -> None:
    """Refuse widths that the heads and groups of the family do not divide."""
    if "block_out_channels" not in config and "hidden_size" not in config:
        return
    if not divided(config):
        widths = config.get("block_out_channels", [config.get("hidden_size", 0)])
        raise ModelError(
            f"the {part} of the model {source!r} is {widths} wide, which is not how its family is"
            " built, and the file does not tell the rest; put its configuration at"
            f" {settings_of(place) / part / 'config.json'}"
        )
