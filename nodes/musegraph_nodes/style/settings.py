"""What the ports of the nodes that optimise say, in one place, and the options that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musegraph import NodeError

from .options import CONTENT_LAYERS, STYLE_LAYERS
from .prepare import layers_of

if TYPE_CHECKING:
    from .basis import BasisName
    from .layouts import Layout
    from .optimise import Optimiser
    from .repaint import Keep, Options, Statistics


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The ports of `style.transfer`; those that a node lacks keep what is written here."""

    steps: int
    levels: int
    style_weight: float
    smooth: float
    optimiser: Optimiser
    basis: BasisName
    strokes: bool
    style_scale: float
    style_layers: str
    compare: Statistics
    tile: int
    preview: int
    content_weight: float = 0.0
    steady: float = 0.0
    recolour: bool = False
    keep_colours: Keep = "none"
    content_layers: str = ""
    seed: int = 0
    strength: float = 1.0
    around: bool = False
    natural: bool = False
    layers_port: str = "style_layers"

    def __post_init__(self) -> None:
        if not self.style_weight and not self.content_weight:
            raise NodeError(
                "port 'style_weight': it is 0, and so is content_weight, so nothing is left to"
                " optimise for; set one above 0"
            )

    def options(self, layout: Layout) -> Options:
        """The options for a net, with the layers that it has."""
        from .objective import Weights
        from .repaint import Options

        return Options(
            weights=Weights(self.content_weight, self.style_weight, self.smooth, self.steady),
            style_layers=layers_of(self.style_layers, STYLE_LAYERS, layout, self.layers_port),
            content_layers=layers_of(self.content_layers, CONTENT_LAYERS, layout, "content_layers"),
            steps=self.steps,
            levels=self.levels,
            optimiser=self.optimiser,
            keep=self.keep_colours,
            statistics=self.compare,
            style_scale=self.style_scale,
            tile=self.tile,
            preview=self.preview,
            around=self.around,
            natural=self.natural,
            basis=self.basis,
            strokes=self.strokes,
            recolour=self.recolour,
            seed=self.seed,
            strength=self.strength,
        )
