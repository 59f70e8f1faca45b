"""The colours of a picture exchanged for those of another, tone by tone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .colours import matched

if TYPE_CHECKING:
    from torch import Tensor

    from .prepare import Style

_TURNS = 1
_BINS = 512


def in_palettes(content: Tensor, styles: list[Style]) -> Tensor:
    """A content in the colours of several styles, by their weights and where their masks say."""
    import torch

    made, total = torch.zeros_like(content), torch.zeros_like(content[:, :1])
    for style in styles:
        share = torch.full_like(total, style.weight)
        if style.mask is not None:
            share *= style.mask
        made += share * in_palette(content, style.picture, style.seen)
        total += share
    return torch.where(total > 0, made / total.clamp(min=1e-6), content)


def in_palette(content: Tensor, style: Tensor, seen: Tensor | None = None) -> Tensor:
    """A content [1,3,H,W] in the colours of a style: what is one tone in it, stays one tone.

    Mean and covariance first, then the distribution along several directions in turn (Pitié,
    Kokaram and Dahyot 2005), which also finds palettes that are no cloud around a mean.
    """
    import numpy as np
    import torch

    made = matched(content, style)[0].flatten(1).double().numpy()
    goal = style[0].flatten(1).double().numpy()
    if seen is not None:
        goal = goal[:, (seen > 0.5).flatten().numpy()]
    if not goal.shape[1]:
        return content
    for axes in _turns():
        moved = np.stack([_alike(a, b) for a, b in zip(axes @ made, axes @ goal, strict=True)])
        made = axes.T @ moved
    planes = torch.from_numpy(made).view_as(content[0])[None]
    return planes.to(content.dtype).clamp(0, 1)


def _turns() -> list[Any]:
    """Each time three directions at right angles; at first brightness and two of hue."""
    import numpy as np

    first = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]], dtype=float)
    made = np.random.default_rng(0)
    others = [np.linalg.qr(made.standard_normal((3, 3)))[0] for _ in range(_TURNS - 1)]
    return [first / np.linalg.norm(first, axis=1, keepdims=True), *others]


def _alike(values: Any, goal: Any) -> Any:
    """Values moved so that they are distributed like others; equal ones stay equal."""
    import numpy as np

    low, high = min(values.min(), goal.min()), max(values.max(), goal.max())
    if high - low < 1e-6:
        return values
    edges = np.linspace(low, high, _BINS + 1)
    shares = []
    for one in (values, goal):
        counts = np.histogram(one, edges)[0] / one.size
        shares.append(np.concatenate(([0.0], counts.cumsum())))
    # A hair of slope, so that the inverse of where nothing lies is its middle.
    there = shares[1] + np.linspace(0, 1e-9, _BINS + 1)
    middles = (shares[0][1:] + shares[0][:-1]) / 2
    centres = (edges[1:] + edges[:-1]) / 2
    return np.interp(np.interp(values, centres, middles), there, edges)
