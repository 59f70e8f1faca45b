"""From a spec to pixels."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes import light, weather
from musegraph_nodes.starter.scenes.backdrop import draw_backdrop
from musegraph_nodes.starter.scenes.canvas import Canvas, Picture
from musegraph_nodes.starter.scenes.layered import OilCanvas, PaperCutCanvas
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
    "paper cut": PaperCutCanvas,
    "oil painting": OilCanvas,
}
# How much colour the sky loses.
DULL = {"rain": 0.4, "fog": 0.35, "snow": 0.25, "cloudy": 0.1}


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
    canvas.dull(DULL.get(spec.weather, 0.0))
    canvas.sky(stage.horizon)
    if spec.time == "night" and spec.weather in ("clear", "snow", "aurora"):
        weather.draw_stars(canvas, stage.horizon)
    if spec.weather == "aurora":
        light.draw_aurora(canvas, stage.horizon)
    orb_x = weather.draw_orb(canvas, spec, stage.horizon)
    if spec.weather == "clear" and spec.time in weather.LOW_SUN_TIMES:
        light.draw_rays(canvas, orb_x, stage.horizon)
    if spec.weather in ("cloudy", "rain"):
        weather.draw_clouds(canvas, spec, orb_x)
    elif spec.weather == "rainbow":
        light.draw_rainbow(canvas, stage.horizon)
    draw_backdrop(canvas, spec.scene, stage)
    light.draw_glitter(canvas, spec, orb_x, stage.horizon)
    if spec.weather == "fog":
        # Behind the subject, which would otherwise lose its colour.
        weather.draw_fog(canvas, stage.horizon)
    draw_subject(canvas, spec, stage)
    light.draw_front(canvas, spec, stage)
    if spec.weather == "rain":
        weather.draw_rain(canvas)
    elif spec.weather == "snow":
        weather.draw_snow(canvas)
