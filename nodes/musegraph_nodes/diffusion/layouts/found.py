"""What a reader of a layout found: the parts of a model, by name, and what they tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .weights import same_in_vaes, sampled_digest

_LATENTS = {
    (4, 8, 0.18215): "sd15",
    (4, 8, 0.13025): "sdxl",
    (16, 8, 1.5305): "sd3",
    (16, 8, 0.3611): "flux1",
    (16, 8, None): "qwen",
}


@dataclass(frozen=True)
class Component:
    """A part with weights: its configuration, its files, which variant, how they are stored.

    ``prefix`` is what the names of its tensors begin with in a file that also holds other parts;
    ``names`` says whose names they are, of which layout: empty for those of Diffusers.
    """

    config: dict[str, Any]
    files: tuple[Path, ...]
    variant: str
    stored: str
    prefix: str = ""
    names: str = ""


@dataclass(frozen=True)
class Found:
    """All parts of a model, found whole and fitting each other."""

    family: str
    """The name of its :class:`~musegraph_nodes.diffusion.families.Family`."""
    net: str
    """The part that takes the noise away: ``unet`` or ``transformer``."""
    parts: dict[str, Component]
    scheduler: dict[str, Any]
    index: dict[str, Any] = field(default_factory=dict)
    """What model_index.json says beside the classes of the parts."""

    @property
    def denoiser(self) -> Component:
        """The part that takes the noise away."""
        return self.parts[self.net]

    @property
    def vae(self) -> Component:
        """The autoencoder."""
        return self.parts["vae"]

    @property
    def channels(self) -> int:
        """Channels of a latent."""
        config = self.vae.config
        return int(config.get("z_dim") or config.get("latent_channels", 4))

    @property
    def scale(self) -> int:
        """Pixels along one latent cell."""
        halved = self.vae.config.get("temperal_downsample")  # so its authors spell it
        if halved is None:
            halved = self.vae.config.get("block_out_channels", (64,))[1:]
        return int(2 ** len(halved))

    @property
    def scaling(self) -> float:
        """What the autoencoder's output is multiplied by to be a latent."""
        usual = 1.0 if "z_dim" in self.vae.config else 0.18215
        return float(self.vae.config.get("scaling_factor", usual))

    @property
    def latent_family(self) -> str:
        """What its latents are: a known name, else one that only the same autoencoder has."""
        films = "z_dim" in self.vae.config  # these have a mean and a spread, and no factor
        name = _LATENTS.get((self.channels, self.scale, None if films else self.scaling))
        if name is not None:
            return name
        own = sampled_digest(self.vae.files, same_in_vaes(self.vae.prefix))
        return f"c{self.channels}-f{self.scale}-{own}"
