"""Everything beside texts that leads a denoiser while it samples: controls, and pictures.

A net is led by a hook before its call, which adds to its arguments what the ControlNets say of
the very same arguments. So it is the same code for all families, and gone after the lease.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from musegraph import Conditioning, ConditioningPart, Context, ControlNet, Model, NodeError

from .adders import ADDERS, NETS, Held, every, pictures, together
from .ip_adapter_live import KIND
from .marks import PICTURE, is_led

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.diffusion.families import Denoiser, Prepared


@contextmanager
def steered(
    denoiser: Denoiser, texts: Iterable[Conditioning | None], ctx: Context
) -> Iterator[None]:
    """A denoiser led by whatever its conditionings carry beside texts."""
    parts = [part for text in texts if text is not None for part in text.parts]
    check_pictures(denoiser.model, parts)
    if not any(is_led(part) for part in parts):
        yield
        return
    specs: dict[str, Any] = {}
    for part in parts:
        specs |= part.options.get("controls", {})
    with ExitStack() as stack:
        held = []
        for name, spec in specs.items():
            ref = ControlNet.model_validate(spec["ref"])
            held.append(Held(name, spec, ref, stack.enter_context(ctx.load(ref))))
        leads = Leads(denoiser, held, _pictures(parts), ctx, _masks(parts))
        leads.check()
        hook = denoiser.net.register_forward_pre_hook(leads.lead, with_kwargs=True)
        denoiser.steering = leads
        try:
            yield
        finally:
            denoiser.steering = None
            hook.remove()


def check_pictures(model: Model, parts: Sequence[ConditioningPart]) -> None:
    """Refuse a model that looks at pictures without them, and pictures that nobody looks at."""
    adapters = sum(patch.options.get("kind") == KIND for patch in model.patches)
    shown = len(_pictures(parts))
    if adapters != shown:
        raise NodeError(
            f"the model has {adapters} IP-Adapters on it and the text carries pictures for {shown};"
            " link both outputs of diffusion.ip_adapter to the sampler"
        )


def _pictures(parts: Sequence[ConditioningPart]) -> dict[str, Tensor]:
    """The embeddings of no picture, by the name of the adapter that they are for."""
    return {
        name.removesuffix(":free"): embed
        for part in parts
        for name, embed in part.embeds.items()
        if name.startswith(PICTURE) and name.endswith(":free")
    }


def _masks(parts: Sequence[ConditioningPart]) -> dict[str, Tensor]:
    """Where pictures count, by the name of their adapter; those without a mask everywhere."""
    return {
        name.removesuffix(":mask"): embed
        for part in parts
        for name, embed in part.embeds.items()
        if name.startswith(PICTURE) and name.endswith(":mask")
    }


_ALIKE = {
    "controlnet": ("cross_attention_dim", "block_out_channels"),
    "controlnet_union": ("cross_attention_dim", "block_out_channels"),
    "t2i_adapter": (),
    "sd3_controlnet": ("num_attention_heads", "attention_head_dim", "in_channels"),
    "flux_controlnet": ("num_attention_heads", "attention_head_dim", "joint_attention_dim"),
}
"""What a control has to have in common with the net that it leads."""


class Leads:
    """The controls and pictures of one sampling."""

    def __init__(
        self,
        denoiser: Denoiser,
        held: Sequence[Held],
        shown: Mapping[str, Tensor],
        ctx: Context,
        masks: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> None:
        self.denoiser = denoiser
        self.held = held
        self.pictures = shown
        self.ctx = ctx
        self.masks = dict(masks)
        processors = denoiser.net.attn_processors.values() if shown else ()
        self.lookers = [one for one in processors if hasattr(one, "told")]
        """The attentions that look at pictures."""

    def check(self) -> None:
        """Refuse controls that were made for another kind of net."""
        config, kind = self.denoiser.net.config, type(self.denoiser.net).__name__
        for control in self.held:
            wanted = NETS[control.ref.part]
            if kind != wanted:
                raise NodeError(
                    f"the ControlNet {control.ref.source!r} is for a {wanted} and the model is a"
                    f" {kind}; take one for the family of the model"
                )
            own = control.net.config
            for name in _ALIKE[control.ref.part]:
                if _plain(own[name]) != _plain(config[name]):
                    raise NodeError(
                        f"the ControlNet {control.ref.source!r} was made for another model: its"
                        f" {name} is {own[name]} and that of the model {config[name]}; take one"
                        " for the family of the model"
                    )

    def inputs(self, part: ConditioningPart, shape: tuple[int, ...]) -> Prepared:
        """Pictures, marks and embeddings for each item of a batch of latents."""
        import torch

        count, made = shape[0], {}
        for control in self.held:
            on = part.embeds.get(f"{control.name}:on", torch.zeros(1))
            made[f"{control.name}:on"] = on.repeat(count)
            picture = part.embeds.get(control.name)
            if picture is None:
                continue
            _check_size(control, picture, shape, self.denoiser)
            shown = pictures(control, picture, self.denoiser, self.ctx)
            made |= {name: every(tensor, count) for name, tensor in shown.items()}
        self.masks = {name: _over(mask, shape, self.denoiser) for name, mask in self.masks.items()}
        for name, free in self.pictures.items():
            embed = part.embeds.get(name, free).to(self.denoiser.device, self.denoiser.dtype)
            made[name] = every(embed, count)
        return made

    def lead(self, net: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """What the net is called with, and what leads it there."""
        asked, at = self.denoiser.asked, self.denoiser.at
        added = dict(kwargs)
        acting = [one for one in self.held if one.acts(at) and bool(asked[f"{one.name}:on"].any())]
        for controls in together(acting, asked):
            on = [bool(mark) for mark in asked[f"{controls[0].name}:on"]]
            ADDERS[controls[0].ref.part](controls, on, args, kwargs, asked, added)
        if self.pictures:
            self._show(asked, added)
        return args, added

    def _show(self, asked: Prepared, added: dict[str, Any]) -> None:
        """Give the IP-Adapters on a net their embeddings."""
        embeds = [asked[name] for name in sorted(self.pictures)]
        for processor in self.lookers:
            processor.scale = processor.told(self.denoiser.at)
        added["added_cond_kwargs"] = {
            **(added.get("added_cond_kwargs") or {}),
            "image_embeds": embeds,
        }
        if self.masks:
            added["cross_attention_kwargs"] = {
                **(added.get("cross_attention_kwargs") or {}),
                "ip_adapter_masks": [self.masks.get(name) for name in sorted(self.pictures)],
            }


def _over(mask: Tensor, shape: tuple[int, ...], denoiser: Denoiser) -> Tensor:
    """Masks [1,n,H,W] over the pixels of what is sampled, as the attentions want them."""
    from torch.nn.functional import interpolate

    scale = int(denoiser.model.options["scale"])
    size = (shape[-2] * scale, shape[-1] * scale)
    mask = mask.to(device=denoiser.device, dtype=denoiser.dtype)
    return mask if tuple(mask.shape[-2:]) == size else interpolate(mask, size, mode="bilinear")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _check_size(control: Held, picture: Tensor, shape: tuple[int, ...], denoiser: Denoiser) -> None:
    scale = int(denoiser.model.options["scale"])
    high, wide = shape[-2] * scale, shape[-1] * scale
    if tuple(picture.shape[-2:]) != (high, wide):
        raise NodeError(
            f"the picture for the ControlNet {control.ref.source!r} has"
            f" {picture.shape[-1]}×{picture.shape[-2]} pixels and the one that is sampled"
            f" {wide}×{high}; image.resize or image.crop makes it so"
        )
    if len(picture) not in (1, shape[0]):
        raise NodeError(
            f"there are {len(picture)} pictures for the ControlNet {control.ref.source!r} and"
            f" {shape[0]} that are sampled; give one, or one for each"
        )
