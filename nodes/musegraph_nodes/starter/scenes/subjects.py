"""Every subject by its name, and where it stands."""

from __future__ import annotations

from collections.abc import Callable

from musegraph_nodes.starter.scenes import animals, buildings, craft, living
from musegraph_nodes.starter.scenes.backdrop import Stage
from musegraph_nodes.starter.scenes.canvas import UNITS, Canvas
from musegraph_nodes.starter.scenes.colour import Colour
from musegraph_nodes.starter.scenes.figure import Figure
from musegraph_nodes.starter.scenes.spec import SceneSpec
from musegraph_nodes.starter.scenes.vocabulary import COLOURS

NATURAL: Colour = (200, 80, 60)
MIDDLES = {"left": 32.0, "center": 64.0, "right": 96.0}
HORIZONS = {
    "mountains": 78.0,
    "sea": 66.0,
    "desert": 78.0,
    "city": 86.0,
    "forest": 76.0,
    "hills": 76.0,
    "lake": 62.0,
    "winter": 80.0,
    "canyon": 80.0,
    "beach": 60.0,
    "waterfall": 76.0,
    "fields": 70.0,
}
# How far horizons of pictures of one landscape are from each other.
SPREAD = 5.0
# The lowest that anything stands.
LOWEST = 119.0
# How far below the horizon the subject stands.
DEPTHS = {
    "mountains": 34.0,
    "sea": 30.0,
    "desert": 34.0,
    "city": 26.0,
    "forest": 38.0,
    "hills": 38.0,
    "lake": 46.0,
    "winter": 34.0,
    "canyon": 34.0,
    "beach": 48.0,
    "waterfall": 40.0,
    "fields": 40.0,
}
DEPTHS_OF_SUBJECTS = {
    ("sea", "lighthouse"): 20.0,
    ("sea", "island"): 24.0,
    ("lake", "cabin"): 15.0,
    ("lake", "trees"): 15.0,
    ("lake", "pagoda"): 15.0,
    ("beach", "sailboat"): 22.0,
}
# On these the subject floats, unless it stands on a shore.
WATERS = frozenset({"sea", "lake"})
ASHORE = frozenset({"cabin", "trees", "pagoda", "lighthouse", "island"})
# What has no shadow of its own on the ground.
SHADOWLESS = frozenset({"bridge", "flowers", "train"})
# The lower edge of what flies, from the upper edge of the picture.
FLYING = {"hot air balloon": 66.0, "birds": 56.0, "airplane": 50.0, "kite": 62.0}
SHRINK = {1: 1.0, 2: 0.72, 3: 0.62}
# Three that are wider than this stand in a triangle: a row would fill the whole picture.
MOST_IN_ROW = 1.2

# How to draw it, its height in units, and its width as a part of that.
SUBJECTS: dict[str, tuple[Callable[[Figure, Colour], None], float, float]] = {
    "airplane": (craft.airplane, 24, 2.0),
    "barn": (craft.barn, 38, 1.4),
    "bear": (animals.bear, 32, 1.7),
    "birds": (living.birds, 36, 1.6),
    "bridge": (buildings.bridge, 38, 2.3),
    "cabin": (buildings.cabin, 34, 1.5),
    "cactus": (living.cactus, 40, 0.8),
    "camel": (living.camel, 34, 1.6),
    "car": (craft.car, 25, 2.0),
    "castle": (buildings.castle, 44, 1.1),
    "church": (craft.church, 48, 1.0),
    "deer": (living.deer, 40, 1.0),
    "dolphin": (animals.dolphin, 30, 2.0),
    "ferris wheel": (craft.wheel, 58, 1.0),
    "flowers": (living.flowers, 27, 2.0),
    "fox": (animals.fox, 34, 1.2),
    "horse": (animals.horse, 38, 1.4),
    "hot air balloon": (buildings.balloon, 46, 0.8),
    "house": (buildings.house, 38, 1.1),
    "island": (living.island, 38, 1.3),
    "kite": (craft.kite, 44, 0.7),
    "lighthouse": (buildings.lighthouse, 54, 0.8),
    "mushrooms": (living.mushrooms, 34, 1.8),
    "pagoda": (craft.pagoda, 50, 0.9),
    "palm trees": (living.palm_trees, 50, 1.2),
    "parasol": (craft.parasol, 36, 1.6),
    "penguin": (animals.penguin, 38, 0.7),
    "pine trees": (living.pine_trees, 44, 1.2),
    "pyramid": (buildings.pyramid, 38, 1.7),
    "rowing boat": (craft.rowing_boat, 22, 2.3),
    "sailboat": (buildings.sailboat, 46, 0.9),
    "sheep": (animals.sheep, 30, 1.4),
    "snowman": (living.snowman, 42, 0.5),
    "swan": (living.swan, 30, 1.7),
    "tent": (buildings.tent, 33, 1.5),
    "tower": (buildings.tower, 66, 0.5),
    "train": (buildings.train, 17, 5.0),
    "trees": (living.trees, 40, 1.5),
    "whale": (living.whale, 32, 2.0),
    "windmill": (buildings.windmill, 44, 0.9),
}


def stage_of(canvas: Canvas, spec: SceneSpec) -> Stage:
    """Where the horizon and the subject are in this picture."""
    rng = canvas.rng
    horizon = HORIZONS[spec.scene] + rng.uniform(-SPREAD, SPREAD)
    ground = _standing(spec, horizon) + rng.normal(0, 1.5)
    ground = FLYING[spec.subject] + rng.normal(0, 2.5) if spec.subject in FLYING else ground
    return Stage(horizon, ground, MIDDLES[spec.position] + rng.normal(0, 2), spec.season)


def extent(spec: SceneSpec) -> tuple[float, float, float, float]:
    """Left, upper, right and lower edge of where the subject is in most pictures, in units."""
    _, height, aspect = SUBJECTS[spec.subject]
    height *= SHRINK[spec.count]
    places, middle = _placed(spec.count, height, aspect, MIDDLES[spec.position])
    reach = max(x for x, _ in places) + height * aspect / 2
    ground = FLYING.get(spec.subject) or _standing(spec, HORIZONS[spec.scene])
    top = ground + min(y for _, y in places) - height
    return middle - reach, top, middle + reach, ground


def _standing(spec: SceneSpec, horizon: float) -> float:
    """Where what stands does: clear of the lower edge also where the horizon is low."""
    depth = DEPTHS_OF_SUBJECTS.get((spec.scene, spec.subject), DEPTHS[spec.scene])
    return min(horizon + depth, LOWEST)


def draw_subject(canvas: Canvas, spec: SceneSpec, stage: Stage) -> None:
    """Draw the subject as often as the spec says, none over another."""
    draw, height, aspect = SUBJECTS[spec.subject]
    height *= SHRINK[spec.count] * canvas.rng.uniform(0.92, 1.1)
    width = height * aspect
    offsets, middle = _placed(spec.count, height, aspect, stage.x)
    colour = COLOURS.get(spec.colour, NATURAL)
    afloat = spec.scene in WATERS and spec.subject not in ASHORE
    stands = spec.subject not in FLYING and spec.subject not in SHADOWLESS
    for x, y in offsets:
        at, foot = middle + x, stage.ground + y + canvas.rng.normal(0, 0.6)
        if stands and afloat:
            canvas.wake(at, foot + height * 0.06, width * 0.46)
        elif stands:
            canvas.shadow(at, foot, width * 0.46)
        draw(Figure(canvas, at, foot, height), colour)


def _placed(
    count: int, height: float, aspect: float, wanted: float
) -> tuple[list[tuple[float, float]], float]:
    """Where each stands, from the middle of the group, and where that is: all in the picture."""
    width = height * aspect
    offsets = _layout(count, max(width * 1.06, 15.0), height * 0.86, aspect)
    reach = min(max(x for x, _ in offsets) + width / 2 + 4, UNITS / 2)
    return offsets, min(max(wanted, reach), UNITS - reach)


def _layout(count: int, step: float, raised: float, aspect: float) -> list[tuple[float, float]]:
    """Where each stands, from the middle of the group; those farther back come first."""
    if count == 3 and aspect > MOST_IN_ROW:
        return [(0, -raised), (-step / 2, 0), (step / 2, 0)]
    return [((index - (count - 1) / 2) * step, 0) for index in range(count)]
