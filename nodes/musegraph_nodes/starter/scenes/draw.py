"""From a spec to pixels."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import weather
from musegraph_nodes.starter.scenes.backdrop import draw_backdrop
from musegraph_nodes.starter.scenes.canvas import Canvas, Picture
from musegraph_nodes.starter.scenes.painted import InkCanvas, UkiyoeCanvas, WatercolourCanvas
from musegraph_nodes.starter.scenes.screen import NeonCanvas, PixelCanvas
from musegraph_nodes.starter.scenes.shapes import draw_objects
from musegraph_nodes.starter.scenes.spec import ObjectsSpec, SceneSpec, Spec
from musegraph_nodes.starter.scenes.subjects import draw_subject, stage_of

CANVASES: dict[str, type[Canvas]] = {
    "flat vector": Canvas,
    "watercolor": WatercolourCanvas,
    "ink": InkCanvas,
    "pixel art": PixelCanvas,
    "neon": NeonCanvas,
    "ukiyo-e": UkiyoeCanvas,
}


def render(spec: Spec, size: int = 128) -> Picture:
    """The picture of `spec`, uint8 `[size, size, 3]`; the same spec gives the same picture."""
    rng = np.random.default_rng(spec.seed)
    time = spec.time if isinstance(spec, SceneSpec) else "day"
    canvas = CANVASES[spec.style](time, rng, size)
    if isinstance(spec, ObjectsSpec):
        draw_objects(canvas, spec)
    else:
        _draw_scene(canvas, spec)
    return canvas.pixels()


def _draw_scene(canvas: Canvas, spec: SceneSpec) -> None:
    stage = stage_of(canvas, spec)
    canvas.sky(stage.horizon)
    if spec.time == "night" and spec.weather in ("clear", "snow"):
        weather.draw_stars(canvas, stage.horizon)
    orb_x = weather.draw_orb(canvas, spec, stage.horizon)
    if spec.weather in ("cloudy", "rain"):
        weather.draw_clouds(canvas, spec, orb_x)
    draw_backdrop(canvas, spec.scene, stage)
    if spec.weather == "fog":
        # Behind the subject, which would otherwise lose its colour.
        weather.draw_fog(canvas, stage.horizon)
    draw_subject(canvas, spec, stage)
    if spec.weather == "rain":
        weather.draw_rain(canvas)
    elif spec.weather == "snow":
        weather.draw_snow(canvas)
