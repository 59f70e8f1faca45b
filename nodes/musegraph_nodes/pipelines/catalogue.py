"""The signatures of all pipelines: read off Diffusers once, by ``python -m`` this module.

Writes ``signatures.json``, from which the node types are made without importing Diffusers, and
their Chinese texts. A test makes both again and compares.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .names import name_of

HERE = Path(__file__).parent
SIGNATURES = HERE / "signatures.json"
AGAIN = "python -m musegraph_nodes.pipelines.catalogue"
"""What makes the files again."""

EXTRA = ("controlnet", "adapter", "motion_adapter", "latent_upsampler", "image_encoder")
"""Parts that a node takes beside the folder."""

RENAMED = {
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "prior_num_inference_steps": "prior_steps",
    "decoder_num_inference_steps": "decoder_steps",
    "super_res_num_inference_steps": "super_res_steps",
}
BATCH = ("num_images_per_prompt", "batch_size", "num_prompts_per_image")
_NO_TASK = re.compile(
    r"Audio|AceStep|MusicLDM|DanceDiffusion|Spectrogram|Onnx|Modular|LLaDA|DiffusionGemma|Proteina"
    r"|^DiffusionPipeline$|^VersatileDiffusionPipeline$"
)
"""Those for sound, text and proteins; what runs elsewhere; and what only chooses among others."""

_LEFT_OUT = re.compile(
    r"^(self|return_dict|output_type|generator|callback.*|prior_callback.*|.*kwargs|args|latents"
    r"|ip_adapter_image.*|negative_ip_adapter_image.*|num_videos_per_prompt|debug|return_index"
    r"|.*_latents|_auto_resize|prompt_template|.*mask_length|output_latent|output_uncertainty)$"
)
_HIDDEN = {  # imported where they are defined: the packages they need are only for use
    "KolorsPipeline": "diffusers.pipelines.kolors.pipeline_kolors",
    "KolorsImg2ImgPipeline": "diffusers.pipelines.kolors.pipeline_kolors_img2img",
    "KolorsPAGPipeline": "diffusers.pipelines.pag.pipeline_pag_kolors",
    "ConsisIDPipeline": "diffusers.pipelines.consisid.pipeline_consisid",
}
_SEVERAL = ("video", "frames")
_REFERENCES = ("images", "input_images", "reference_images", "text_images", "gligen_images")
_MAY = ("cond_image", "control_camera_video")
_MANY_IN = re.compile(r"^(QwenImageEditPlus|Flux2|ZImageOmni|JoyImageEditPlus)")
"""Pipelines whose ``image`` is a list of pictures that the text speaks of."""

_LISTS: dict[Any, str] = {int: "ints", float: "floats", str: "texts", list[float]: "boxes"}
_TEXTS = {"prompt", "source_prompt", "task_prompt", "content_prompt", "system_prompt"}


def names() -> list[str]:
    """The classes of all pipelines of the installed Diffusers that make or read pictures."""
    import diffusers

    found = (name for name in dir(diffusers) if name.endswith("Pipeline"))
    return sorted(name for name in found if not _NO_TASK.search(name))


def pipelines() -> Iterator[tuple[str, Any]]:
    """Every pipeline by its name; one that lacks a package only for use, as it is written."""
    import diffusers

    for name in names():
        found = getattr(diffusers, name)
        if hasattr(found, "_backends"):
            found = getattr(import_module(_HIDDEN[name]), name)
        yield name, found


def read(cls: Any) -> dict[str, Any]:
    """What the nodes need to know of a pipeline."""
    call = inspect.unwrap(cls.__call__)
    parameters = inspect.signature(call).parameters
    hints = _hints(call)
    params: dict[str, list[Any]] = {}
    embeds: list[str] = []
    for name, parameter in parameters.items():
        hint = hints.get(name, parameter.annotation)
        if "embed" in name and "Tensor" in str(hint) and "ip_adapter" not in name:
            embeds.append(name)
        elif not _LEFT_OUT.match(name) and name not in BATCH:
            kind = _kind(name, hint, parameter.default)
            if name in _REFERENCES or (name == "image" and _MANY_IN.match(cls.__name__)):
                kind = "references" + ("?" if kind.endswith("?") else "")
            if kind:
                params[RENAMED.get(name, name)] = [kind, *_default(parameter.default)]
    _ease(params)
    gives = _gives(cls, inspect.getsource(call))
    prompted = any(name in params for name in ("prompt", "image"))
    said = name_of(cls.__name__, gives == "frames", prompted)
    entry = {
        "id": said.id,
        "family": said.family,
        "group": said.group,
        "title": [said.english, said.chinese],
        "gives": gives,
        "params": params,
        "docs": _docs(call, [name for name in parameters if RENAMED.get(name, name) in params]),
        "embeds": embeds,
        "latents": "latents" in parameters,
        "seeds": _seeds(hints.get("generator", parameters.get("generator"))),
        "batch": next((name for name in BATCH if name in parameters), ""),
        "sound": gives == "frames" and "audio=" in inspect.getsource(call),
        "callback": _callback(parameters),
        "parts": _parts(cls),
        "old": ".deprecated." in cls.__module__,
    }
    return {name: value for name, value in entry.items() if value not in ("", [], {}, False)}


def _ease(params: dict[str, list[Any]]) -> None:
    """Let pictures be absent that stand for one another, or that a pipeline only may be given.

    The annotations of Diffusers call them needed, and the defaults are None.
    """
    either = {"image", "video"} <= params.keys()
    for name, (kind, *default) in params.items():
        may = (
            kind.startswith("references") or name in _MAY or (either and name in ("image", "video"))
        )
        if may and default == [None]:
            params[name][0] = kind.rstrip("?") + "?"


def _hints(call: Any) -> dict[str, Any]:
    try:
        return get_type_hints(call)
    except Exception:  # noqa: BLE001  annotations are someone else's code
        return {}


def _callback(parameters: Any) -> str:
    names = ("callback_on_step_end", "callback")
    return next((name for name in names if name in parameters), "")


def _seeds(hint: Any) -> str:
    """Whether a pipeline takes no seed, one, or one for each item."""
    if hint is None:
        return ""
    return "each" if "list" in str(hint).lower() else "one"


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _kind(name: str, hint: Any, default: Any) -> str:
    """How a value of a parameter travels; nothing for those that stay with their defaults."""
    members = _members(hint)
    optional = "?" if NoneType in members else ""
    members = tuple(one for one in members if one is not NoneType)
    text = str(hint)
    if "PIL" in text or (("Tensor" in text) and _is_picture(name)):
        return _picture(name, text) + optional
    for plain, kind in ((str, "text"), (bool, "bool"), (int, "int"), (float, "float")):
        if plain in members:
            if plain is str and not (name in _TEXTS or "prompt" in name):
                kind = "line"
            return kind + ("?" if default is None and kind not in ("text", "bool") else "")
    if all(get_origin(one) is Literal for one in members):
        return "line" + ("?" if default is None else "")
    for one in members:
        inside = get_args(one)
        if get_origin(one) is tuple and set(inside) <= {int, ...}:
            return "pair" + ("?" if default is None else "")
        if get_origin(one) is list and inside and inside[0] in _LISTS:
            words = isinstance(default, list) and any(isinstance(item, str) for item in default)
            none = default is None or words  # long instructions stay with the pipeline
            return _LISTS[inside[0]] + ("?" if none else "")
    return ""


def _is_picture(name: str) -> bool:
    return name in ("hint", "image", "last_image", "depth_map") or "video" in name


def _picture(name: str, text: str) -> str:
    if "mask" in name:
        return "masks" if "PIL" in text else "volume255"
    if "PIL" not in text:
        return "volume" if "video" in name else "plane"
    return "frames" if any(part in name for part in _SEVERAL) else "picture"


def _default(value: Any) -> list[Any]:
    """The default in a list, or an empty list where there is none to write down."""
    if value is inspect.Parameter.empty:
        return []
    if value is None or isinstance(value, str | bool | int | float):
        return [value]
    if isinstance(value, list | tuple) and all(isinstance(one, int | float) for one in value):
        return [list(value)]
    return [None]


def _gives(cls: Any, source: str) -> str:
    """What comes out: by the fields of what is returned."""
    found = re.findall(r"return \w+Output\w*\(([^)]*)\)", source)
    fields = set(re.findall(r"(\w+)=", found[-1])) if found else set()
    if "prediction" in fields:
        return "prediction"
    if "Prior" in cls.__name__:
        return "embeds"
    video = "frames" in fields or "video" in fields or "TextToVideo" in cls.__name__
    return "frames" if video else "images"


def _parts(cls: Any) -> dict[str, list[str]]:
    """The parts of a pipeline and the classes they may be of: none for any; ``?`` for absent."""
    hints = _hints(cls.__init__)
    optional = set(cls._optional_components)
    found: dict[str, list[str]] = {}
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        members = _members(hints.get(name, parameter.annotation))
        kinds = [one for one in members if one is not NoneType]
        if name == "self" or all(_is_json(one) for one in kinds):
            continue
        absent = name in optional or NoneType in members or parameter.default is None
        classes = [one.__name__ for one in members if _told(one)]
        found[name + ("?" if absent else "")] = classes or []
    return found


def _is_json(one: Any) -> bool:
    """Whether a parameter of this type is a setting and no part."""
    simple = (bool, int, float, str, list, tuple, dict)
    return one in simple or get_origin(one) in (list, tuple, dict)


def _told(one: Any) -> bool:
    """Whether a class says which part is wanted: schedulers and tokenizers are exchanged freely."""
    module = getattr(one, "__module__", "")
    return inspect.isclass(one) and ".models." in module and module.startswith("diffusers")


def _docs(call: Any, names: list[str]) -> dict[str, str]:
    """The first sentence that the documentation says of each parameter that we have no word for."""
    known = json.loads((HERE / "words.json").read_text("utf-8"))["inputs"]
    lines = (inspect.getdoc(call) or "").splitlines()
    found: dict[str, str] = {}
    for at, line in enumerate(lines):
        start = re.match(r"^\s*(\w+)\s*(?:\(.*)?:?\s*$", line)
        name = start[1] if start else ""
        if name in names and RENAMED.get(name, name) not in known and name not in found:
            said = _paragraph(lines[at + 1 :], len(line) - len(line.lstrip()))
            if said:
                found[name] = said
    return found


def _paragraph(lines: list[str], indent: int) -> str:
    words: list[str] = []
    for line in lines:
        if not line.strip() or len(line) - len(line.lstrip()) <= indent:
            break
        words.append(line.strip())
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(words)).replace("`", "")
    sentence = re.split(r"(?<=[.!?])\s", text)[0]
    return sentence if len(sentence) <= 200 else sentence[:197].rsplit(" ", 1)[0] + " …"


def folders() -> list[str]:
    """The modules of Diffusers that a model's index may name beside the library itself."""
    import diffusers

    place = Path(diffusers.__file__).parent / "pipelines"
    found = {one.name for one in place.iterdir() if one.is_dir()}
    found |= {one.name for one in (place / "deprecated").iterdir() if one.is_dir()}
    return sorted(name for name in found if not name.startswith("_"))


def signatures() -> dict[str, Any]:
    """All that is written down of the installed Diffusers."""
    import diffusers

    made = {name: read(cls) for name, cls in pipelines()}
    return {"diffusers": diffusers.__version__, "folders": folders(), "pipelines": made}


def text_of(made: dict[str, Any]) -> str:
    """The file: a line for each pipeline, so that a change of Diffusers reads as a diff."""
    head = {name: value for name, value in made.items() if name != "pipelines"}
    lines = [
        f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}"
        for name, entry in made["pipelines"].items()
    ]
    return json.dumps(head)[:-1] + ', "pipelines": {\n' + ",\n".join(lines) + "\n}}\n"


def main() -> int:
    """Write the signatures, then the texts of the nodes that they make."""
    SIGNATURES.write_text(text_of(signatures()), "utf-8")
    # In a process of its own: this one holds what was written before.
    module = f"{__spec__.parent}.chinese" if __spec__ else "chinese"
    return subprocess.run([sys.executable, "-m", module], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
