"""What one picture shows, and how such descriptions are drawn at random."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from musegraph_nodes.starter.scenes import vocabulary as words

Item = TypeVar("Item")

OBJECTS_SHARE = 0.25
NO_ORB_SHARE = 0.25


@dataclass(frozen=True)
class SceneSpec:
    """One or more of a subject in a landscape.

    `colour` is empty where the subject has its natural colour, and `season` where the landscape
    shows none; `orb` is "none", "sun", "crescent moon" or "full moon".
    """

    style: str
    scene: str
    time: str
    subject: str
    colour: str
    position: str
    count: int
    orb: str
    orb_position: str
    weather: str
    seed: int
    season: str = ""


@dataclass(frozen=True)
class Thing:
    """A coloured shape."""

    colour: str
    shape: str


@dataclass(frozen=True)
class ObjectsSpec:
    """Shapes on a plain background: one, two in a relation, or `count` equal ones.

    `second` is None unless there is a relation.
    """

    style: str
    relation: str
    first: Thing
    second: Thing | None
    background: str
    count: int
    seed: int


Spec = SceneSpec | ObjectsSpec


def pick(rng: np.random.Generator, items: tuple[Item, ...]) -> Item:
    """One of `items`, all equally likely."""
    return items[int(rng.integers(len(items)))]


def is_held_out(spec: Spec) -> bool:
    """Whether the spec combines words that are kept apart in training."""
    if isinstance(spec, SceneSpec):
        return (spec.style, spec.scene) in words.HELD_OUT_SCENES or (
            spec.colour,
            spec.subject,
        ) in words.HELD_OUT_SUBJECTS
    things = [thing for thing in (spec.first, spec.second) if thing]
    return any((thing.colour, thing.shape) in words.HELD_OUT_SHAPES for thing in things)


def sample_spec(rng: np.random.Generator, held_out: bool | None = False) -> Spec:
    """A random spec: without held-out combinations, only with them, or (None) either way."""
    while True:
        objects = rng.random() < OBJECTS_SHARE
        spec: Spec = _sample_objects(rng) if objects else _sample_scene(rng)
        if held_out is None or is_held_out(spec) == held_out:
            return spec


def as_dict(spec: Spec) -> dict[str, Any]:
    """The spec as JSON values, with its `kind`: "scene" or "objects"."""
    kind = "scene" if isinstance(spec, SceneSpec) else "objects"
    return {"kind": kind, **asdict(spec)}


def from_dict(values: dict[str, Any]) -> Spec:
    """The spec that `as_dict` was given."""
    given = {name: value for name, value in values.items() if name != "kind"}
    if values["kind"] == "scene":
        return SceneSpec(**given)
    second = given["second"]
    given |= {"first": Thing(**given["first"]), "second": Thing(**second) if second else None}
    return ObjectsSpec(**given)


def _sample_scene(rng: np.random.Generator) -> SceneSpec:
    scene = pick(rng, words.SCENES)
    time = pick(rng, words.TIMES)
    subject = pick(rng, words.SUBJECTS[scene])
    weather = _sample_weather(rng, scene, time)
    style = pick(rng, words.STYLES)
    seasonal = scene in words.SEASONAL and style not in words.SEASONLESS_STYLES
    return SceneSpec(
        style=style,
        scene=scene,
        time=time,
        subject=subject,
        colour=pick(rng, tuple(words.COLOURS)) if subject in words.COLOURED else "",
        position=pick(rng, words.POSITIONS),
        count=int(rng.choice(3, p=[0.64, 0.2, 0.16])) + 1 if subject in words.COUNTED else 1,
        orb=_sample_orb(rng, time),
        orb_position=pick(rng, words.POSITIONS),
        weather=weather,
        seed=int(rng.integers(1 << 31)),
        season=pick(rng, words.SEASONS) if seasonal and weather != "snow" else "",
    )


def _sample_weather(rng: np.random.Generator, scene: str, time: str) -> str:
    """Mostly fair; snow, rainbows and northern lights only where they may be."""
    weather = str(rng.choice(words.WEATHERS, p=[0.42, 0.22, 0.09, 0.09, 0.08, 0.05, 0.05]))
    if weather == "aurora" and (time != "night" or scene in words.SNOWLESS):
        return "clear"
    if weather == "rainbow" and time not in words.SUNNY_TIMES:
        return "cloudy"
    return "clear" if weather == "snow" and scene in words.SNOWLESS else weather


def _sample_orb(rng: np.random.Generator, time: str) -> str:
    if rng.random() < NO_ORB_SHARE:
        return "none"
    return "sun" if time in words.SUNNY_TIMES else pick(rng, ("crescent moon", "full moon"))


def _sample_objects(rng: np.random.Generator) -> ObjectsSpec:
    first, second, background = (str(name) for name in rng.permutation(list(words.COLOURS))[:3])
    relation = pick(rng, words.RELATIONS)
    other = Thing(second, pick(rng, words.SHAPES))
    return ObjectsSpec(
        style=pick(rng, words.STYLES),
        relation=relation,
        first=Thing(first, pick(rng, words.SHAPES)),
        second=None if relation in ("single", "count") else other,
        background=background,
        count=int(rng.integers(2, 6)) if relation == "count" else 1,
        seed=int(rng.integers(1 << 31)),
    )
