"""One part out of a file in the original layout: its tensors under the names of Diffusers, whole.

UNets and autoencoders are converted by the functions of Diffusers, which pass over what they do not
know; so what they leave out is looked for here, and so is what the net then still lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import ModelError, read_header
from musegraph_nodes.diffusion.families import Family, Kind

from . import renaming
from .found import Component
from .originals import left_over
from .single import counted, read_part

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# One and the same tensor under two names.
_TIED = {"encoder.embed_tokens.weight": "shared.weight"}


def open_single(
    place: Path, part: str, family: Family, source: str, dtype: torch.dtype
) -> tuple[Any, dict[str, Any]]:
    """The net of a part, and its configuration; None for one that lies beside the file whole.

    :class:`ModelError` names tensors that are missing, unexpected, or of another shape than the
    configuration has it.
    """
    from accelerate import init_empty_weights

    component = read_part(place, part, family, source)
    kind = family.kinds[part]
    if not component.names:
        return None, component.config
    given = _read(component)
    with init_empty_weights(include_buffers=False):  # tables of places are no weights
        net = _empty(kind, component.config)
    wanted = net.state_dict()
    tensors, unread = _converted(component, given, wanted)
    missing = [n for n in wanted if n not in tensors and _TIED.get(n) not in tensors]
    unread += [name for name in tensors if name not in wanted]
    _check(part, source, missing, unread)
    if component.files[0].suffix == ".gguf":
        return _quantised(kind, component, tensors, dtype), component.config
    shaped = [
        f"{name} is {list(tensors[name].shape)} and not {list(wanted[name].shape)}"
        for name in tensors
        if tensors[name].shape != wanted[name].shape
    ]
    if shaped:
        raise ModelError(
            f"the {part} of the model {source!r} does not suit its configuration: {shaped[0]}"
        )
    whole = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    if kind.library == "transformers":
        return _from_transformers(kind, component.config, whole, dtype), component.config
    net.load_state_dict(whole, strict=True, assign=True)
    return net, component.config


def _read(component: Component) -> dict[str, Tensor]:
    """The tensors of a part by the names that the file has, prefix included."""
    (place,), prefix = component.files, component.prefix
    if place.suffix == ".gguf":
        from diffusers.models.model_loading_utils import load_gguf_checkpoint

        found: dict[str, Tensor] = load_gguf_checkpoint(place)
        return {n: t for n, t in found.items() if n.startswith(prefix) and not left_over(n)}
    from safetensors import safe_open

    names = [n for n in read_header(place) if n.startswith(prefix) and not left_over(n)]
    with safe_open(place, framework="pt", device="cpu") as file:
        return {name: file.get_tensor(name) for name in names}


def _empty(kind: Kind, config: dict[str, Any]) -> Any:
    made: Any = getattr(import_module(kind.library), kind.classes[0])
    if kind.library == "diffusers":
        return made.from_config(config)
    return made(made.config_class(**config))


def _converted(
    component: Component, given: dict[str, Tensor], wanted: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    from diffusers.loaders import single_file_utils as layout

    config, prefix = component.config, component.prefix
    if component.names == "unet":
        return _passing(given, layout.convert_ldm_unet_checkpoint(dict(given), config))
    bare = {name.removeprefix(prefix): tensor for name, tensor in given.items()}
    if component.names == "vae" and not any(".down_blocks." in name for name in bare):
        return _passing(given, layout.convert_ldm_vae_checkpoint(bare, config))
    made, unread = renaming.renamed(bare, wanted, _rules(component))
    return made, [prefix + name for name in unread if not _unwanted(component.names, name, config)]


def _passing(
    given: dict[str, Tensor], made: dict[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """What a function of Diffusers made, and the names that it passed over."""
    used = {tensor.data_ptr() for tensor in made.values()}
    return made, [name for name, tensor in given.items() if tensor.data_ptr() not in used]


def _rules(component: Component) -> tuple[renaming.Rule, ...]:
    if component.names == "sd3":
        return renaming.sd3(int(component.config["num_layers"]))
    rules: dict[str, tuple[renaming.Rule, ...]] = {
        "open_clip": renaming.OPEN_CLIP,
        "t5": renaming.T5,
        "flux": renaming.FLUX,
        "z_image": renaming.Z_IMAGE,
    }
    return rules.get(component.names, ())


def _unwanted(names: str, name: str, config: dict[str, Any]) -> bool:
    """Whether a tensor belongs to a half of a net that is not read."""
    if names in ("clip", "open_clip"):
        layers = config["num_hidden_layers"]
        past = f"transformer.resblocks.{layers}."
        return name.startswith(("text_projection", "visual", past))
    if names == "t5":
        return name.startswith(("decoder.", "lm_head."))
    return names == "qwen" and name.startswith("lm_head.")


def _from_transformers(
    kind: Kind, config: dict[str, Any], tensors: dict[str, Tensor], dtype: torch.dtype
) -> Any:
    made: Any = getattr(import_module("transformers"), kind.classes[0])
    return made.from_pretrained(
        None, config=made.config_class(**config), state_dict=tensors, dtype=dtype
    )


def _quantised(
    kind: Kind, component: Component, tensors: dict[str, Tensor], dtype: torch.dtype
) -> Any:
    """A net whose weights stay in blocks of few bits and are spread out where they are used."""
    import json
    from tempfile import TemporaryDirectory

    from diffusers import GGUFQuantizationConfig

    made: Any = getattr(import_module("diffusers"), kind.classes[0])
    with TemporaryDirectory() as place:
        (Path(place) / "config.json").write_text(json.dumps(component.config), encoding="utf-8")
        return made.from_single_file(
            tensors,
            config=place,
            quantization_config=GGUFQuantizationConfig(compute_dtype=dtype),
            torch_dtype=dtype,
            local_files_only=True,
        )


def _check(part: str, source: str, missing: list[str], unread: list[str]) -> None:
    if missing:
        raise ModelError(
            f"the {part} of the model {source!r} is not whole: it lacks {counted(missing)}, by the"
            " names of Diffusers; get the file again"
        )
    if unread:
        raise ModelError(
            f"the {part} of the model {source!r} holds {counted(unread)} that it has no place for;"
            " it is of another kind, or something was added to it that this version does not read"
        )
