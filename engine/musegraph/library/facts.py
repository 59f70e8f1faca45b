"""What is known of a model from the outside: read off headers and settings, never off weights."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal

from musegraph.errors import ModelError
from musegraph.headers import Header, read_gguf, read_safetensors
from musegraph.library.beside import Said, said_by
from musegraph.library.families import BY_ID, WIDTHS, by_class
from musegraph.library.kinds import PICKLES, WEIGHTS, Kind
from musegraph.library.quick import quick_id_of, together
from musegraph.library.recognise import recognise

SETTINGS = 1 << 20
"""Bytes of a model's JSON up to which it is read here."""

_SOUND = ("AceStep", "AudioLDM", "Encodec", "Musicgen", "StableAudio")
_CLASSES: tuple[tuple[str, Kind], ...] = (
    ("PoseEstimation", "pose"), ("DepthEstimation", "depth"), ("DepthPro", "depth"),
    ("BlipForConditional", "caption"), ("GitForCausalLM", "caption"),
    ("VisionEncoderDecoder", "caption"), ("JanusForConditional", "autoregressive"),
    ("ForCausalImageModeling", "autoregressive"), ("ImageGPTLMHead", "autoregressive"),
    ("ForCausalLM", "language"), ("LMHeadModel", "language"), ("ImageSuperResolution", "upscaler"),
    ("ControlNet", "control"), ("T2IAdapter", "t2i_adapter"), ("MotionAdapter", "motion"),
    ("UNet", "denoiser"), ("Transformer2D", "denoiser"), ("Transformer3D", "denoiser"),
    ("DiTModel", "denoiser"), ("Prior", "denoiser"), ("Autoencoder", "vae"), ("VQModel", "vae"),
    ("CLIPVision", "vision"), ("SiglipVision", "vision"), ("Dinov2", "vision"),
    ("CLIPText", "text_encoder"), ("T5Encoder", "text_encoder"), ("UMT5", "text_encoder"),
    ("Transformer", "denoiser"), ("VitsModel", "speech"),
    ("WhisperForConditional", "speech"),
    *((part, "sound") for part in _SOUND),
)  # fmt: skip
_PRECISIONS = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "I8": "int8", "U8": "uint8",
}  # fmt: skip
_PICKLED = (
    "is a pickle, which can run code when it is opened, so it never is here; musegraph models"
    " convert makes a .safetensors file of it"
)


Fault = Literal["", "truncated", "incomplete", "damaged", "disguised", "unreadable", "pickle"]
_FAULTS: tuple[tuple[str, Fault], ...] = (
    ("is not whole", "incomplete"), ("is cut off", "truncated"),
    ("only the beginning of one", "truncated"), ("is a pickle under the name", "disguised"),
    ("cannot be read", "unreadable"), (_PICKLED, "pickle"),
)  # fmt: skip


def fault_of(wrong: str) -> Fault:
    """What is wrong, in a word."""
    return next((fault for text, fault in _FAULTS if text in wrong), "damaged" if wrong else "")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model; empty is what its files do not tell."""

    kind: Kind = "other"
    family: str = ""
    """The id of a family of :mod:`musegraph.library.families`, or the name of its class."""
    variant: str = ""
    prediction: str = ""
    precision: str = ""
    format: str = ""
    """``safetensors``, ``gguf``, ``folder`` or ``pickle``."""
    parameters: int = 0
    bytes: int = 0
    quick: str = ""
    """Names the content as far as a glance tells; see :mod:`musegraph.library.quick`."""
    title: str = ""
    author: str = ""
    licence: str = ""
    source: str = ""
    triggers: tuple[str, ...] = ()
    wrong: str = ""
    """Why it cannot be used, as the end of a sentence about it."""
    fault: Fault = ""
    """The same in a word, which a page says in its own language."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fault", fault_of(self.wrong))

    def json(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if value})

    @classmethod
    def read(cls, text: str) -> Facts:
        """What :meth:`json` wrote; ``TypeError`` or ``ValueError`` for anything else."""
        found = json.loads(text)
        return cls(**{**found, "triggers": tuple(found.get("triggers", ()))})


def facts_of_file(file: Path, hint: Kind = "other") -> Facts:
    """A single file; ``hint`` is its kind by the folder it lies in, where nothing else tells."""
    size = file.stat().st_size
    if file.suffix in PICKLES:
        return _with(said_by(file, {}), Facts(hint, format="pickle", bytes=size, wrong=_PICKLED))
    form = file.suffix[1:]
    try:
        header = read_gguf(file) if form == "gguf" else read_safetensors(file)
        quick = quick_id_of(file, header.start)
    except ModelError as error:
        why = str(error).replace(f"{file} ", "", 1)
        return Facts(hint, format=form, bytes=size, wrong=why)
    found = recognise(header.tensors, header.metadata)
    facts = Facts(
        kind=hint if found.kind == "other" else found.kind,
        family=found.family,
        variant=found.variant,
        prediction=found.prediction,
        precision=precision_of([header]),
        format=form,
        parameters=_count(header),
        bytes=size,
        quick=quick,
    )
    return _with(said_by(file, header.metadata), facts)


def facts_of_folder(folder: Path, files: Iterable[Path], size: int) -> Facts:
    """A model that is a folder, of which ``files`` make it what it is."""
    weights = [file for file in files if file.suffix in WEIGHTS]
    kind, family = what_folder(folder)
    try:
        headers = {
            file: read_gguf(file) if file.suffix == ".gguf" else read_safetensors(file)
            for file in weights
        }
        parts = [
            (file.relative_to(folder).as_posix(), quick_id_of(file, headers[file].start))
            if file in headers
            else (file.relative_to(folder).as_posix(), _small(file))
            for file in files
        ]
        wrong = _lacking(folder, files)
    except ModelError as error:
        why = "is not whole: " + str(error).replace(f"{folder}/", "", 1)
        return Facts(kind, family, format="folder", bytes=size, wrong=why)
    counted = [headers[file] for file in _one_set(weights)]
    metadata = next((one.metadata for one in counted if one.metadata), {})
    facts = Facts(
        kind=kind,
        family=family,
        prediction=_prediction_of(folder, kind, family),
        precision=precision_of(counted),
        format="folder",
        parameters=sum(map(_count, counted)),
        bytes=size,
        quick=together(parts),
        wrong=wrong,
    )
    if facts.kind in ("other", "lora") and len(counted) == 1:
        found = recognise(counted[0].tensors, metadata)
        facts = replace(facts, kind=found.kind, family=facts.family or found.family)
    return _with(said_by(folder, metadata), facts)


def _with(said: Said, facts: Facts) -> Facts:
    return replace(
        facts,
        title=said.title,
        author=said.author,
        licence=said.licence,
        source=said.source,
        triggers=said.triggers,
    )


def what_folder(folder: Path) -> tuple[Kind, str]:
    """Kind and family of a folder, by the classes that its settings name."""
    if name := _text(settings(folder / "model_index.json").get("_class_name")):
        wide = settings(folder / "unet" / "config.json").get("cross_attention_dim")
        family = by_class(name)
        if family == "sd" and isinstance(wide, int):
            family = WIDTHS.get(wide, family)
        kind: Kind = "sound" if any(part in name for part in _SOUND) else "pipeline"
        return kind, family or name.removesuffix("Pipeline")
    if (folder / "adapter_config.json").is_file():
        return "lora", ""
    own = settings(folder / "config.json")
    listed = own.get("architectures")
    name = _text(own.get("_class_name")) or _text(
        listed[0] if isinstance(listed, list) and listed else own.get("model_type")
    )
    kind = next((kind for part, kind in _CLASSES if part in name), "other")
    wide = own.get("cross_attention_dim")
    family = by_class(name)
    if not family and name.startswith(("UNet2D", "ControlNet")) and isinstance(wide, int):
        family = WIDTHS.get(wide, "")
    return kind, family or name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _prediction_of(folder: Path, kind: str, family: str) -> str:
    own = settings(folder / "scheduler" / "scheduler_config.json")
    if "FlowMatch" in _text(own.get("_class_name")):
        return "flow_prediction"
    said = _text(own.get("prediction_type"))
    if said in ("epsilon", "v_prediction", "sample", "flow_prediction"):
        return said
    return BY_ID[family].prediction if family in BY_ID and kind == "denoiser" else ""


def _lacking(folder: Path, files: Iterable[Path]) -> str:
    """What an index of weights in several files names, and nobody finds."""
    there = {*files}
    for index in there:
        if not index.name.endswith(".safetensors.index.json"):
            continue
        listed = settings(index, 8 * SETTINGS).get("weight_map")
        named = {*listed.values()} if isinstance(listed, dict) else set()
        lost = sorted(str(name) for name in named if index.parent / str(name) not in there)
        if lost:
            more = f" and {len(lost) - 1} more" if lost[1:] else ""
            where = index.parent.relative_to(folder)
            return f"is not whole: {(where / lost[0]).as_posix()}{more} is missing; get it again"
    return ""


def _one_set(weights: Iterable[Path]) -> list[Path]:
    """Of each folder the weights without a variant, such as fp16; all, if there is none without."""
    by_folder: dict[Path, list[Path]] = {}
    for file in weights:
        by_folder.setdefault(file.parent, []).append(file)
    chosen = []
    for files in by_folder.values():
        plain = [file for file in files if "." not in file.stem.partition("-0")[0]]
        chosen += plain or files
    return chosen


def precision_of(headers: Iterable[Header]) -> str:
    """The type of numbers that most bytes of the weights are in."""
    by_type = defaultdict[str, int](int)
    for header in headers:
        for entry in header.tensors.values():
            first, last = entry["data_offsets"]
            by_type[entry["dtype"]] += last - first
    if not by_type:
        return ""
    most = max(by_type, key=lambda kind: by_type[kind])
    return _PRECISIONS.get(most, most)


def _count(header: Header) -> int:
    return sum([prod(entry["shape"]) for entry in header.tensors.values()])


def _small(file: Path) -> str:
    """A file of settings: its size is enough, beside the weights that count."""
    return str(file.stat().st_size)


def settings(file: Path, most: int = SETTINGS) -> Mapping[str, Any]:
    """The JSON of a model's file; nothing of it is taken on trust."""
    try:
        if file.stat().st_size > most:
            return {}
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
