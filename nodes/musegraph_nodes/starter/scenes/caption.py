"""Sentences that describe a spec: English here, Chinese in `chinese`."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import english as say
from musegraph_nodes.starter.scenes.spec import ObjectsSpec, SceneSpec, Spec, pick
from musegraph_nodes.starter.scenes.vocabulary import ALREADY_PLURAL

ORB_POSITION_SHARE = 0.6


def caption(spec: Spec, rng: np.random.Generator) -> str:
    """One of many phrasings; each mentions everything that the picture shows."""
    if isinstance(spec, ObjectsSpec):
        return _of_objects(spec, rng)
    return _of_scene(spec, rng)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _noun(name: str, rng: np.random.Generator) -> str:
    """The name of a subject, or now and then another for the same."""
    return pick(rng, (name, name, *say.SUBJECTS.get(name, ())))


def _many(noun: str) -> str:
    return say.PLURALS.get(noun, noun + "s")


def _counted(noun: str, colour: str, count: int, rng: np.random.Generator) -> str:
    described = f"{colour} {noun if count == 1 else _many(noun)}".strip()
    return _article(described) if count == 1 else f"{pick(rng, say.NUMBERS[count])} {described}"


def _subject(spec: SceneSpec, rng: np.random.Generator) -> str:
    colour = pick(rng, say.COLOURS[spec.colour]) if spec.colour else ""
    noun = _noun(spec.subject, rng)
    if spec.subject in ALREADY_PLURAL:
        return f"{colour} {noun}".strip()
    return _counted(noun, colour, spec.count, rng)


def _of_scene(spec: SceneSpec, rng: np.random.Generator) -> str:
    style = pick(rng, say.STYLES[spec.style])
    place = pick(rng, say.SCENES[spec.scene])
    when = pick(rng, say.TIMES[spec.time])
    if spec.season:
        season = pick(rng, say.SEASONS[spec.season])
        when = pick(rng, (f"{season} {when}", f"{when} {season}"))
    subject = _subject(spec, rng) + pick(rng, say.POSITIONS[spec.position])
    extras = _orb(spec, rng)
    weather = pick(rng, say.WEATHERS[spec.weather])
    if weather:
        extras += f", {weather}"
    return pick(
        rng,
        (
            f"{style} of {place} {when} with {subject}{extras}",
            f"{subject}, {place} {when}{extras}, {style}",
            f"{place} {when}, {subject}{extras}, {style}",
            f"{style}, {subject}, {place} {when}{extras}",
        ),
    )


def _orb(spec: SceneSpec, rng: np.random.Generator) -> str:
    if spec.orb == "none":
        return ""
    orb = pick(rng, say.ORBS[spec.orb])
    if spec.orb_position == "center" or rng.random() > ORB_POSITION_SHARE:
        return f", {orb}"
    return f", {orb} on the {spec.orb_position}"


def _of_objects(spec: ObjectsSpec, rng: np.random.Generator) -> str:
    style = pick(rng, say.STYLES[spec.style])
    things = _thing(spec.first.colour, spec.first.shape, spec.count, rng)
    if spec.second is not None:
        second = _thing(spec.second.colour, spec.second.shape, 1, rng)
        things = f"{things} {pick(rng, say.RELATIONS[spec.relation])} {second}"
    things += f" on {_article(spec.background)} background"
    return pick(rng, (f"{things}, {style}", f"{style} of {things}"))


def _thing(colour: str, shape: str, count: int, rng: np.random.Generator) -> str:
    noun = pick(rng, say.SHAPES.get(shape, (shape,)))
    return _counted(noun, pick(rng, say.COLOURS[colour]), count, rng)
