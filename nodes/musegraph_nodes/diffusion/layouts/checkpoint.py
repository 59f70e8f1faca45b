"""One part out of a file in the original layout: its tensors under the names of Diffusers, whole.

The names are converted by the functions of Diffusers, which pass over what they do not know; so
what they leave out is looked for here, and so is what the net then still lacks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import ModelError, read_header

from .single import PREFIXES, counted, left_over, read_single, tokenizer_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def open_single(place: Path, part: str, source: str, dtype: torch.dtype) -> tuple[Any, Path | None]:
    """The net of a part and, for a text encoder, the folder of its tokenizer.

    :class:`ModelError` names tensors that are missing, unexpected, or of another shape than the
    configuration has it.
    """
    import torch

    config = read_single(place, source).parts[part].config
    given = _read(place, PREFIXES[part])
    with torch.device("meta"):
        net = _empty(part, config)
    tensors = _converted(part, given, config)
    used = {tensor.data_ptr() for tensor in tensors.values()}
    unread = [name for name, tensor in given.items() if tensor.data_ptr() not in used]
    wanted = net.state_dict()
    missing = [name for name in wanted if name not in tensors]
    unread += [name for name in tensors if name not in wanted]
    _check(part, source, missing, unread)
    shaped = [
        f"{name} is {list(tensors[name].shape)} and not {list(wanted[name].shape)}"
        for name in wanted
        if tensors[name].shape != wanted[name].shape
    ]
    if shaped:
        raise ModelError(
            f"the {part} of the model {source!r} does not suit its configuration: {shaped[0]}"
        )
    whole = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    if part == "text_encoder":
        return _text_encoder(config, whole, dtype), tokenizer_of(place, config, source)
    net.load_state_dict(whole, strict=True, assign=True)
    return net, None


def _read(place: Path, prefix: str) -> dict[str, Tensor]:
    from safetensors import safe_open

    names = [n for n in read_header(place) if n.startswith(prefix) and not left_over(n)]
    with safe_open(place, framework="pt", device="cpu") as file:
        return {name: file.get_tensor(name) for name in names}


def _empty(part: str, config: dict[str, Any]) -> Any:
    if part == "text_encoder":
        from transformers import CLIPTextConfig, CLIPTextModel

        return CLIPTextModel(CLIPTextConfig(**config))
    from diffusers import AutoencoderKL, UNet2DConditionModel

    kind: Any = UNet2DConditionModel if part == "unet" else AutoencoderKL
    return kind.from_config(config)


def _converted(part: str, given: dict[str, Tensor], config: dict[str, Any]) -> dict[str, Tensor]:
    from diffusers.loaders import single_file_utils as layout

    made: dict[str, Tensor]
    if part == "unet":
        made = layout.convert_ldm_unet_checkpoint(dict(given), config)
    elif part == "vae":
        made = layout.convert_ldm_vae_checkpoint(dict(given), config)
    else:
        made = layout.convert_ldm_clip_checkpoint(dict(given))
        # transformers 5 has its layers one level higher than transformers 4 had.
        made = {name.removeprefix("text_model."): tensor for name, tensor in made.items()}
    return made


def _text_encoder(config: dict[str, Any], tensors: dict[str, Tensor], dtype: torch.dtype) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    made: Any = CLIPTextModel.from_pretrained(
        None, config=CLIPTextConfig(**config), state_dict=tensors, dtype=dtype
    )
    return made


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
