"""What the nets of controls say of a step, as arguments for the denoiser that they lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any

from musegraph import Context, ControlNet

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Denoiser, Prepared

NETS = {
    "controlnet": "UNet2DConditionModel",
    "controlnet_union": "UNet2DConditionModel",
    "t2i_adapter": "UNet2DConditionModel",
    "sd3_controlnet": "SD3Transformer2DModel",
    "flux_controlnet": "FluxTransformer2DModel",
}
"""The kind of denoiser that each kind of control leads."""
UNION = "controlnet_union"
_FOR_ALL = ("txt_ids", "img_ids")
"""What a transformer is given once for a whole batch."""


@dataclass
class Held:
    """A control that is on lease: what it is to do, and its live net."""

    name: str
    spec: Mapping[str, Any]
    ref: ControlNet
    net: Any
    made: dict[int, tuple[Tensor, list[Tensor]]] = field(default_factory=dict)
    """What was made of a picture: once, for that does not depend on the noise."""

    def once(self, picture: Tensor, make: Callable[[], list[Tensor]]) -> list[Tensor]:
        """What is made of a picture, made at its first use."""
        if id(picture) not in self.made:
            self.made[id(picture)] = (picture, make())  # kept, so that no other has its id
        return self.made[id(picture)][1]

    def acts(self, at: tuple[float, float]) -> bool:
        """Whether it leads a step that goes this stretch of the way."""
        return not (at[0] < self.spec["start"] or at[1] > self.spec["end"])


def every(tensor: Tensor, count: int) -> Tensor:
    """One tensor for every item of a batch."""
    if len(tensor) == count:
        return tensor
    return tensor.repeat(count, *(1,) * (tensor.ndim - 1))


def pictures(control: Held, picture: Tensor, denoiser: Denoiser, ctx: Context) -> dict[str, Tensor]:
    """What a control is shown of a picture [B,3,H,W], by names for the conditions of a net."""
    kind = control.ref.part
    if kind == "t2i_adapter":
        seen = control.once(picture, lambda: _seen(control, picture, denoiser.device))
        return {f"{control.name}:{index}": tensor for index, tensor in enumerate(seen)}
    if kind not in ("controlnet", UNION):
        (picture,) = control.once(picture, lambda: [_latent(control, picture, denoiser, ctx)])
    return {control.name: picture.to(device=denoiser.device, dtype=control.net.dtype)}


def _latent(control: Held, picture: Tensor, denoiser: Denoiser, ctx: Context) -> Tensor:
    """A picture as the ControlNets of transformers read it: as its latent, perhaps in squares."""
    from musegraph_nodes.diffusion.autoencoders import to_model
    from musegraph_nodes.diffusion.families.flux import packed
    from musegraph_nodes.diffusion.references import vae_of

    if getattr(control.net, "input_hint_block", None) is not None:
        return 2.0 * picture - 1.0
    with ctx.load(vae_of(denoiser.model)) as vae:
        planes = (2.0 * picture.to(denoiser.device) - 1.0).to(vae.dtype)
        mean: Tensor = vae.encode(planes).latent_dist.mode()
        # The first ones for SD 3 were trained without the shift, and without a text's embedding.
        bare = control.net.config.get("force_zeros_for_pooled_projection")
        latent: Tensor = mean * vae.config.scaling_factor if bare else to_model(vae, mean)
    return packed(latent) if control.ref.part == "flux_controlnet" else latent


def _seen(control: Held, picture: Tensor, device: str) -> list[Tensor]:
    """What a T2I-Adapter sees in a picture, at its strength.

    Channels are last in memory, as in what the pipeline makes of a picture from PIL: kernels for
    planes that lie one after another round otherwise.
    """
    import torch

    laid = picture.to(device=device, dtype=control.net.dtype)
    made = control.net(laid.contiguous(memory_format=torch.channels_last))
    return [tensor * control.spec["strength"] for tensor in made]


def together(controls: Sequence[Held], asked: Prepared) -> list[list[Held]]:
    """Controls in order, those in one that are asked as one: kinds of pictures for one union."""
    groups: dict[Any, list[Held]] = {}
    for control in controls:
        key: Any = control.name
        if control.ref.part == UNION:
            on = tuple(asked[f"{control.name}:on"].tolist())
            key = (id(control.net), control.spec["guess"], on)
        groups.setdefault(key, []).append(control)
    return list(groups.values())


def _add_unet(
    controls: Sequence[Held],
    on: list[bool],
    args: Any,
    kwargs: Mapping[str, Any],
    asked: Prepared,
    added: dict[str, Any],
) -> None:
    """What a ControlNet adds to the blocks of a UNet; zeros where it does not lead."""
    control = controls[0]
    dtype = control.net.dtype
    picked = [index for index, lit in enumerate(on) if lit]
    every = len(picked) == len(on)

    def own(tensor: Tensor) -> Tensor:
        tensor = tensor if every else tensor[picked]
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    more = kwargs.get("added_cond_kwargs")
    down, mid = control.net(
        # What a net made for inpainting is given beside the latent, its control does not see.
        own(args[0][:, : control.net.config.in_channels]),
        args[1],
        encoder_hidden_states=own(kwargs["encoder_hidden_states"]),
        **_shown(controls, [own(asked[one.name]) for one in controls]),
        guess_mode=control.spec["guess"],
        added_cond_kwargs={name: own(t) for name, t in more.items()} if more else None,
        return_dict=False,
    )
    spread = [_spread(tensor, picked, len(on), args[0].dtype) for tensor in (*down, mid)]
    before = added.get("down_block_additional_residuals")
    if before is not None:
        earlier = (*before, added["mid_block_additional_residual"])
        spread = [one + other for one, other in zip(earlier, spread, strict=True)]
    added["down_block_additional_residuals"] = spread[:-1]
    added["mid_block_additional_residual"] = spread[-1]


def _shown(controls: Sequence[Held], seen: list[Tensor]) -> dict[str, Any]:
    """The pictures of a ControlNet and how they count; of a union with what kind each is."""
    import torch

    strengths = [float(control.spec["strength"]) for control in controls]
    if controls[0].ref.part != UNION:
        return {"controlnet_cond": seen[0], "conditioning_scale": strengths[0]}
    kinds = [int(control.spec["kind"]) for control in controls]
    marks = torch.zeros(controls[0].net.config.num_control_type)
    marks[kinds] = 1
    return {
        "controlnet_cond": seen,
        "conditioning_scale": strengths,
        "control_type": marks.to(seen[0]).repeat(len(seen[0]), 1),
        "control_type_idx": kinds,
    }


def _spread(tensor: Tensor, picked: list[int], count: int, dtype: Any) -> Tensor:
    """Rows of a batch put where they belong, zeros elsewhere."""
    import torch

    if len(picked) == count:
        return tensor.to(dtype)
    zero = torch.zeros_like(tensor[:1])
    rows = iter(tensor.split(1))
    return torch.cat([next(rows) if i in picked else zero for i in range(count)]).to(dtype)


def _add_adapter(
    controls: Sequence[Held],
    on: list[bool],
    args: Any,
    kwargs: Mapping[str, Any],
    asked: Prepared,
    added: dict[str, Any],
) -> None:
    """What a T2I-Adapter adds inside the blocks on the way down."""
    (control,) = controls
    picked = [index for index, lit in enumerate(on) if lit]
    count = sum(name.startswith(f"{control.name}:") for name in asked) - 1
    seen = [asked[f"{control.name}:{index}"] for index in range(count)]
    made = [
        _spread(
            tensor if len(picked) == len(on) else tensor[picked], picked, len(on), args[0].dtype
        )
        for tensor in seen
    ]
    name = "down_intrablock_additional_residuals"
    if name in added:
        made = [one + other for one, other in zip(added[name], made, strict=True)]
    added[name] = made


def _add_transformer(
    controls: Sequence[Held],
    on: list[bool],
    args: Any,
    kwargs: Mapping[str, Any],
    asked: Prepared,
    added: dict[str, Any],
) -> None:
    """What a ControlNet adds after the blocks of a transformer; zeros where it does not lead."""
    (control,) = controls
    net, config = control.net, control.net.config
    picked = [index for index, lit in enumerate(on) if lit]
    like = kwargs["hidden_states"]

    def own(name: str, given: Any) -> Any:
        if not hasattr(given, "shape"):
            return given
        if name not in _FOR_ALL and len(picked) < len(on):
            given = given[picked]
        return given.to(net.dtype) if given.dtype == like.dtype else given

    known = set(signature(net.forward).parameters) - {"return_dict", "joint_attention_kwargs"}
    given = {name: own(name, value) for name, value in kwargs.items() if name in known}
    if config.get("force_zeros_for_pooled_projection"):
        given["pooled_projections"] = given["pooled_projections"].new_zeros(
            given["pooled_projections"].shape
        )
    if config.get("joint_attention_dim", 0) is None:  # of SD 3.5, which does not read the text
        given["encoder_hidden_states"] = None
    if control.ref.part == "flux_controlnet" and not config["guidance_embeds"]:
        given.pop("guidance", None)
    made = net(
        **given,
        controlnet_cond=own(control.name, asked[control.name]),
        conditioning_scale=control.spec["strength"],
        return_dict=False,
    )
    names = ["block_controlnet_hidden_states"]
    if control.ref.part == "flux_controlnet":
        names = ["controlnet_block_samples", "controlnet_single_block_samples"]
        added["controlnet_blocks_repeat"] = net.input_hint_block is not None
    for name, blocks in zip(names, made, strict=True):
        if blocks:
            spread = [_spread(tensor, picked, len(on), like.dtype) for tensor in blocks]
            before = added.get(name) or ()
            if len(before) == len(spread):
                spread = [one + other for one, other in zip(before, spread, strict=True)]
            added[name] = spread


ADDERS = {
    "controlnet": _add_unet,
    UNION: _add_unet,
    "t2i_adapter": _add_adapter,
    "sd3_controlnet": _add_transformer,
    "flux_controlnet": _add_transformer,
}
