"""Figures drawn without a graphics card: a stage, a shadow, and a body of round limbs or sticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from .flesh import Flesh
from .turns import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .camera import Shot
    from .looks import Look
    from .turns import Doubles

    Page: TypeAlias = NDArray[np.float32]

_Colour = tuple[float, float, float]


class Scene(NamedTuple):
    """Colours of the air above and below, the floor, its lines, the light on it; 0 to 1."""

    high: _Colour
    low: _Colour
    floor: _Colour
    line: _Colour
    light: float
    shadow: float


SCENES: dict[str, Scene] = {
    "studio": Scene((0.62, 0.66, 0.72), (0.86, 0.86, 0.85), (0.80, 0.79, 0.77), (0.70, 0.69, 0.68),
                    0.22, 0.45),
    "night": Scene((0.02, 0.02, 0.06), (0.10, 0.06, 0.18), (0.09, 0.07, 0.14), (0.22, 0.14, 0.36),
                   0.55, 0.6),
    "paper": Scene((0.97, 0.95, 0.91), (0.95, 0.93, 0.88), (0.92, 0.89, 0.83), (0.86, 0.83, 0.77),
                   0.05, 0.30),
    "white": Scene((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1), 0.0, 0.0),
    "black": Scene((0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), 0.0, 0.0),
}  # fmt: skip

DRESSES: tuple[tuple[_Colour, ...], ...] = (
    ((0.93, 0.73, 0.60), (0.86, 0.24, 0.28), (0.16, 0.20, 0.34), (0.95, 0.95, 0.95)),
    ((0.55, 0.37, 0.28), (0.98, 0.76, 0.20), (0.22, 0.22, 0.24), (0.90, 0.35, 0.25)),
    ((0.82, 0.62, 0.48), (0.16, 0.62, 0.60), (0.90, 0.88, 0.82), (0.14, 0.30, 0.42)),
    ((0.96, 0.80, 0.70), (0.50, 0.32, 0.72), (0.14, 0.12, 0.20), (0.85, 0.75, 0.95)),
)
"""Skin, top, trousers and shoes, one for each figure, then again."""

_HAIR, _EYES = (0.16, 0.11, 0.09), (0.12, 0.10, 0.11)
_BLENDED = 0.012
"""Metres of depth within which one limb goes over into another."""
_LIGHT = unit(np.array([-0.45, 0.8, 0.55]))


def stage(shot: Shot, scene: Scene) -> Page:
    """What is behind the figures: air, and a floor with lines a metre apart."""
    rows = np.linspace(0, 1, shot.height)[:, None, None] ** 1.2
    page = np.array(scene.high) + (np.array(scene.low) - np.array(scene.high)) * rows
    whole = np.broadcast_to(page, (shot.height, shot.width, 3)).astype(np.float32).copy()
    if scene.floor == scene.high:
        return whole
    # Cameras stand upright, so the horizon is a row of pixels and all below it is floor.
    right, up, behind, eye = (v.astype(np.float32) for v in (*shot.axes, shot.eye))
    down = -(np.arange(shot.height, dtype=np.float32)[:, None] + 0.5 - shot.height / 2) / shot.scale
    first = int(np.count_nonzero(down * up[1] - behind[1] >= -1e-4))
    page, down = whole[first:], down[first:]
    across = (np.arange(shot.width, dtype=np.float32)[None] + 0.5 - shot.width / 2) / shot.scale
    far = eye[1] / (behind[1] - down * up[1])
    x = eye[0] + far * (down * up[0] - behind[0]) + far * right[0] * across
    z = eye[2] + far * (down * up[2] - behind[2]) + far * right[2] * across
    wide = far / shot.scale  # a pixel on the floor, in metres
    gap = np.minimum(np.abs(x - np.rint(x)), np.abs(z - np.rint(z)))
    line = np.clip(1.2 - gap / np.maximum(wide, 0.006), 0, 1) * np.clip(0.0096 / wide, 0, 0.8)
    away = x * x + z * z
    fade = np.minimum(np.exp(np.sqrt(away) / -7) * 1.15, 1)
    lit = 1 + np.exp(away / -6) * scene.light
    for at in range(3):
        tone = scene.floor[at] * lit
        tone += (scene.line[at] - tone) * line
        page[..., at] += (tone - page[..., at]) * fade
    return np.clip(whole, 0, 1, out=whole)


def shadow(page: Page, shot: Shot, figures: Sequence[tuple[Doubles, Flesh]], dark: float) -> None:
    """What the light throws on the floor, soft."""
    from PIL import Image as pil
    from PIL import ImageDraw, ImageFilter

    part = 3
    mask = pil.new("L", (-(-shot.width // part), -(-shot.height // part)))
    draw = ImageDraw.Draw(mask)
    for places, flesh in figures:
        fallen = places - _LIGHT * (places[:, 1:2] / _LIGHT[1])
        points, ahead = shot.seen(fallen)
        for limb in flesh.limbs:
            a, b = points[limb.a] / part, points[limb.b] / part
            width = max(2 * limb.thick * shot.scale / float(ahead[limb.a]) / part * 0.8, 1)
            draw.line([*a.tolist(), *b.tolist()], fill=255, width=round(width))
    soft = mask.filter(ImageFilter.GaussianBlur(shot.height / 90 / part))
    tone = np.asarray(soft.resize((shot.width, shot.height), pil.Resampling.BILINEAR), np.float32)
    page *= 1 - dark * (tone / 255)[..., None]


class Canvas:
    """A page with the distance of everything on it."""

    def __init__(self, page: Page, shot: Shot) -> None:
        self.page, self.shot = page, shot
        self.far = np.full(page.shape[:2], np.inf, np.float32)
        self.light = (shot.axes @ _LIGHT).astype(np.float32)

    def capsule(
        self, a: Doubles, b: Doubles, thick: float, thin: float, colour: _Colour, flat: bool
    ) -> None:
        """A round limb between two places of the world; ``flat`` without light on it."""
        (p, q), (near, then) = self.shot.seen(np.stack((a, b)))
        scale = self.shot.scale
        r, s = thick * scale / near, thin * scale / then
        most = max(r, s) + 1.5
        left = max(int(min(p[0], q[0]) - most), 0)
        right = min(int(max(p[0], q[0]) + most) + 2, self.shot.width)
        top = max(int(min(p[1], q[1]) - most), 0)
        bottom = min(int(max(p[1], q[1]) + most) + 2, self.shot.height)
        if left >= right or top >= bottom:
            return
        x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - p[0])
        y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - p[1])
        way = (q - p).astype(np.float32)
        part = np.clip((x * way[0] + y * way[1]) / max(float(way @ way), 1e-6), 0, 1)
        dx, dy = x - part * way[0], y - part * way[1]
        radius = r + (s - r) * part
        away = np.sqrt(dx * dx + dy * dy)
        cover = np.clip(radius - away + 0.5, 0, 1)
        round_ = np.sqrt(np.clip(1 - (away / np.maximum(radius, 1e-3)) ** 2, 0, 1))
        metres = thick + (thin - thick) * part
        distance = near + (then - near) * part - metres * round_
        place = (slice(top, bottom), slice(left, right))
        # Where two limbs are nearly as near, one goes over into the other: no jagged lines.
        front = np.clip((self.far[place] - distance) / _BLENDED + 0.5, 0, 1)
        if flat:
            shade = np.ones_like(cover)
        else:
            lit = (dx * self.light[0] - dy * self.light[1]) / np.maximum(radius, 1e-3)
            lit = np.clip(lit + round_ * self.light[2], 0, 1)
            shade = 0.48 + 0.56 * lit + 0.10 * lit**12 - 0.10 * (1 - round_)
        tone = np.clip(shade[..., None] * np.array(colour, np.float32), 0, 1)
        self.page[place] += (cover * front)[..., None] * (tone - self.page[place])
        nearer = (cover > 0.5) & (distance < self.far[place])
        self.far[place] = np.where(nearer, distance, self.far[place])


def draw(
    page: Page,
    shot: Shot,
    places: Doubles,
    flesh: Flesh,
    look: Look,
    dress: tuple[_Colour, ...],
    canvas: Canvas | None = None,
) -> Canvas:
    """A figure at the points of its flesh on a page; figures on one canvas hide each other."""
    canvas = canvas or Canvas(page, shot)
    flat = look == "silhouette"
    if look == "stick":
        _sticks(canvas, places, flesh)
        return canvas
    order = sorted(
        flesh.limbs, key=lambda limb: -float(shot.seen(places[[limb.a, limb.b]])[1].mean())
    )
    for limb in order:
        a, b = places[limb.a], places[limb.b]
        b = b + (b - a) * limb.beyond
        colour = dress[0] if flat else dress[limb.colour]
        canvas.capsule(a, b, limb.thick, limb.thin, colour, flat)
    _head(canvas, places, flesh, dress, flat)
    return canvas


def _head(
    canvas: Canvas, places: Doubles, flesh: Flesh, dress: tuple[_Colour, ...], flat: bool
) -> None:
    found, size = flesh.parts, flesh.size
    if not {"head", "neck"} <= found.keys():
        return
    way = unit(places[found["head"]] - places[found["neck"]])
    low = places[found["head"]] + 0.03 * size * way
    canvas.capsule(low, low + 0.10 * size * way, 0.082 * size, 0.098 * size, dress[0], flat)
    if flat or not {"left_shoulder", "right_shoulder"} <= found.keys():
        return
    aside = unit(places[found["left_shoulder"]] - places[found["right_shoulder"]])
    behind = unit(np.cross(way, aside))

    def part(at: _Colour, to: _Colour, thick: float, thin: float, colour: _Colour) -> None:
        """A piece of the head between places up, behind and to the left of the chin, in metres."""
        a, b = (low + size * (u * way + v * behind + w * aside) for u, v, w in (at, to))
        canvas.capsule(a, b, thick * size, thin * size, colour, colour == _EYES)

    part((0.045, -0.088, 0), (0.020, -0.094, 0), 0.011, 0.016, dress[0])
    # From the nape to the crown, a little thicker than the head: no skin shows from behind.
    part((0.02, 0.030, 0), (0.115, 0.022, 0), 0.074, 0.096, _HAIR)
    part((0.125, 0.020, 0), (0.138, 0, 0), 0.092, 0.090, _HAIR)
    for side in (-0.034, 0.034):
        part((0.062, -0.079, side), (0.066, -0.079, side), 0.011, 0.011, _EYES)


_LEFT, _RIGHT, _MIDDLE = (0.95, 0.45, 0.25), (0.25, 0.60, 0.95), (0.75, 0.75, 0.78)


def _sticks(canvas: Canvas, places: Doubles, flesh: Flesh) -> None:
    """Thin bones and their joints: what is left is orange, what is right is blue."""
    skeleton, found = flesh.skeleton, flesh.parts
    named = {at: role for role, at in found.items()}
    for at, parent in enumerate(skeleton.parents):
        role = named.get(at, skeleton.names[at].lower())
        colour = _LEFT if "left" in role else _RIGHT if "right" in role else _MIDDLE
        if at:
            canvas.capsule(places[parent], places[at], 0.014, 0.014, colour, False)
        canvas.capsule(places[at], places[at], 0.024, 0.024, colour, False)
    if "head" in found and "neck" in found:
        way = unit(places[found["head"]] - places[found["neck"]])
        top = places[found["head"]] + 0.10 * way
        canvas.capsule(top, top, 0.09, 0.09, _MIDDLE, False)
