"""Sentences that describe a spec."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import vocabulary as words
from musegraph_nodes.starter.scenes.spec import ObjectsSpec, SceneSpec, Spec, pick

ORB_POSITION_SHARE = 0.6


def caption(spec: Spec, rng: np.random.Generator) -> str:
    """One of many phrasings; each mentions everything that the picture shows."""
    if isinstance(spec, ObjectsSpec):
        return _of_objects(spec, rng)
    return _of_scene(spec, rng)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _counted(noun: str, count: int) -> str:
    if count == 1:
        return _article(noun)
    return f"{words.NUMBERS[count]} {words.PLURALS.get(noun, noun + 's')}"


def _subject(spec: SceneSpec) -> str:
    if spec.subject in words.ALREADY_PLURAL:
        return f"{spec.colour} {spec.subject}".strip()
    if not spec.colour:
        return _counted(spec.subject, spec.count)
    if spec.count == 1:
        return _article(f"{spec.colour} {spec.subject}")
    return _counted(spec.subject, spec.count).replace(" ", f" {spec.colour} ", 1)


def _of_scene(spec: SceneSpec, rng: np.random.Generator) -> str:
    style = pick(rng, words.STYLE_PHRASES[spec.style])
    place = pick(rng, words.SCENE_PHRASES[spec.scene])
    time = pick(rng, words.TIME_PHRASES[spec.time])
    middle = pick(rng, ("", " in the middle"))
    where = middle if spec.position == "center" else f" on the {spec.position}"
    subject = _subject(spec) + where
    extras = _orb(spec, rng)
    if words.WEATHER_PHRASES[spec.weather]:
        extras += f", {words.WEATHER_PHRASES[spec.weather]}"
    return pick(
        rng,
        (
            f"{style} of {place} {time} with {subject}{extras}",
            f"{subject}, {place} {time}{extras}, {style}",
            f"{place} {time}, {subject}{extras}, {style}",
            f"{style}, {subject}, {place} {time}{extras}",
        ),
    )


def _orb(spec: SceneSpec, rng: np.random.Generator) -> str:
    if spec.orb == "none":
        return ""
    if spec.orb_position == "center" or rng.random() > ORB_POSITION_SHARE:
        return f", {spec.orb}"
    return f", {spec.orb} on the {spec.orb_position}"


def _of_objects(spec: ObjectsSpec, rng: np.random.Generator) -> str:
    style = pick(rng, words.STYLE_PHRASES[spec.style])
    first = f"{spec.first.colour} {spec.first.shape}"
    if spec.relation == "count":
        things = f"{words.NUMBERS[spec.count]} {first}s"
    elif spec.second is None:
        things = _article(first)
    else:
        second = _article(f"{spec.second.colour} {spec.second.shape}")
        things = f"{_article(first)} {spec.relation} {second}"
    things += f" on {_article(spec.background)} background"
    return pick(rng, (f"{things}, {style}", f"{style} of {things}"))
