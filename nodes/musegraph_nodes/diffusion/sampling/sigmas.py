"""Schedules: which noise levels the steps visit, by the names that users know.

Pure functions on Python floats, written from the papers named at each, k-diffusion (MIT), and
diffusers and generative-models (Apache-2.0, MIT).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from musegraph import Model, NodeError

from .paths import EXPLODING, FLOW, Path

if TYPE_CHECKING:
    from musegraph_nodes.diffusion.families import Family


@dataclass(frozen=True)
class Levels:
    """The noise levels that a model was trained on, rising; the timestep is the place in them."""

    sigmas: tuple[float, ...]
    path: Path = EXPLODING
    shift: float = 1.0
    """Of a flow model: by how much more of its time it spends where there is much noise."""
    table: str = "sd"
    """Which table of `align_your_steps` was made for such models."""

    @property
    def top(self) -> float:
        return self.sigmas[-1]

    @property
    def bottom(self) -> float:
        return self.sigmas[0]

    def time(self, sigma: float) -> float:
        """The share of the timesteps at a level: 1 at the noisiest."""
        if self.path.flow:
            return sigma / (self.shift - (self.shift - 1) * sigma)
        return self.step(sigma) / (len(self.sigmas) - 1)

    def level(self, time: float) -> float:
        """The level at a share of the timesteps."""
        if self.path.flow:
            return shifted(time, self.shift)
        place = min(max(time, 0.0), 1.0) * (len(self.sigmas) - 1)
        low = min(int(place), len(self.sigmas) - 2)
        part = place - low
        logs = [math.log(self.sigmas[at]) for at in (low, low + 1)]
        return math.exp(logs[0] * (1 - part) + logs[1] * part)

    def step(self, sigma: float) -> float:
        """The timestep that a model is told for a level, whole numbers for those of training."""
        if self.path.flow:
            return sigma * len(self.sigmas)
        sigma = min(max(sigma, self.bottom), self.top)
        high = max(bisect_left(self.sigmas, sigma), 1)
        one, two = math.log(self.sigmas[high - 1]), math.log(self.sigmas[high])
        return high - 1 + (math.log(sigma) - one) / (two - one)


def mixed(levels: Levels, t: float) -> tuple[float, float]:
    """How much of picture and of noise is in what a net is shown at a timestep."""
    count = len(levels.sigmas)
    if levels.path.flow:
        return 1 - t / count, t / count
    sigma = levels.level(t / (count - 1))
    whole = (1 + sigma**2) ** 0.5
    return 1 / whole, sigma / whole


def levels_of(config: Mapping[str, Any], table: str = "sd", mu: float | None = None) -> Levels:
    """The levels that the configuration of a scheduler stands for.

    ``mu`` is the shift of a flow model that shifts them by the size of the picture, as diffusers
    calls it.
    """
    count = int(config.get("num_train_timesteps", 1000))
    if is_flow(config):
        shift = float(config.get("shift", config.get("flow_shift")) or 1.0)
        if mu is not None:
            straight = config.get("time_shift_type", "exponential") != "exponential"
            shift = mu if straight else math.exp(mu)
        return Levels(
            tuple(shifted(i / count, shift) for i in range(1, count + 1)), FLOW, shift, table
        )
    return Levels(tuple(_trained(config, count)), EXPLODING, 1.0, table)


def is_flow(config: Mapping[str, Any]) -> bool:
    return (
        config.get("prediction_type") == "flow_prediction"
        or bool(config.get("use_flow_sigmas"))
        or str(config.get("_class_name", "")).startswith("FlowMatch")
    )


def _trained(config: Mapping[str, Any], count: int) -> list[float]:
    """Noise to signal at each timestep of training, by the betas of https://arxiv.org/abs/2006.11239."""
    kind = config.get("beta_schedule", "linear")
    start, end = float(config.get("beta_start", 1e-4)), float(config.get("beta_end", 0.02))
    if (betas := config.get("trained_betas")) is not None:
        rates = [float(beta) for beta in betas]
    elif kind == "linear":
        rates = _even(start, end, count)
    elif kind == "scaled_linear":
        rates = [root**2 for root in _even(math.sqrt(start), math.sqrt(end), count)]
    elif kind == "squaredcos_cap_v2":
        rates = [
            min(1 - _cosine((i + 1) / count) / _cosine(i / count), 0.999) for i in range(count)
        ]
    else:
        raise NodeError(
            f"the model spaces its noise levels by {kind!r}, which this sampler does not know;"
            " choose a sampler and a schedule that its scheduler offers"
        )
    kept, signals = 1.0, []
    for rate in rates:
        kept *= 1 - rate
        signals.append(kept)
    if config.get("rescale_betas_zero_snr"):
        signals = _to_zero(signals)
    # A level without any signal is endless; diffusers takes this instead.
    signals = [max(signal, 2.0**-24) for signal in signals]
    return [math.sqrt((1 - signal) / signal) for signal in signals]


def _cosine(share: float) -> float:
    """Equation 17 of https://arxiv.org/abs/2102.09672."""
    return math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2


def _to_zero(signals: Sequence[float]) -> list[float]:
    """Algorithm 1 of https://arxiv.org/abs/2305.08891: the last level is noise alone."""
    roots = [math.sqrt(signal) for signal in signals]
    first, last = roots[0], roots[-1]
    return [((root - last) * first / (first - last)) ** 2 for root in roots]


def shifted(sigma: float, shift: float) -> float:
    """Equation 23 of https://arxiv.org/abs/2403.03206: more of the steps where noise is strong."""
    return shift * sigma / (1 + (shift - 1) * sigma)


def _even(start: float, end: float, count: int) -> list[float]:
    """So many numbers from start to end."""
    if count == 1:
        return [start]
    return [start + (end - start) * i / (count - 1) for i in range(count)]


def normal(levels: Levels, steps: int) -> list[float]:
    """Even in time from the noisiest to the cleanest level (``get_sigmas`` of k-diffusion)."""
    last = levels.time(levels.bottom)
    return [levels.level(time) for time in _even(1.0, last, steps)]


def karras(levels: Levels, steps: int) -> list[float]:
    """Equation 5 of https://arxiv.org/abs/2206.00364 with rho 7."""
    return [root**7 for root in _even(levels.top ** (1 / 7), levels.bottom ** (1 / 7), steps)]


def exponential(levels: Levels, steps: int) -> list[float]:
    """Even in the logarithm."""
    return [math.exp(log) for log in _even(math.log(levels.top), math.log(levels.bottom), steps)]


def sgm_uniform(levels: Levels, steps: int) -> list[float]:
    """Even in time, the last step as long as the others (generative-models of Stability AI)."""
    return [levels.level(1 - i / steps) for i in range(steps)]


def simple(levels: Levels, steps: int) -> list[float]:
    """Every so manyth level of training, the noisiest among them: *trailing* in diffusers."""
    count = len(levels.sigmas)
    return [levels.sigmas[max(round(count - i * count / steps), 1) - 1] for i in range(steps)]


def ddim_uniform(levels: Levels, steps: int) -> list[float]:
    """Every so manyth level of training from the second one, https://arxiv.org/abs/2010.02502.

    It begins below the noisiest level: *leading* in diffusers.
    """
    count = len(levels.sigmas)
    return [levels.sigmas[min(i * (count // steps) + 1, count - 1)] for i in reversed(range(steps))]


def beta(levels: Levels, steps: int) -> list[float]:
    """Close together at both ends of the levels by a Beta distribution, as in diffusers.

    After https://arxiv.org/abs/2407.12173, which spreads timesteps so: see ``beta_timesteps``.
    """
    width = levels.top - levels.bottom
    return [levels.bottom + width * share for share in _beta(_even(1.0, 0.0, steps))]


def beta_timesteps(levels: Levels, steps: int) -> list[float]:
    """Close together at both ends of time by a Beta distribution: arXiv:2407.12173, 0.6 and 0.6."""
    last = levels.time(levels.bottom)
    return [
        levels.level(max(share, last)) for share in _beta([1 - i / steps for i in range(steps)])
    ]


def _beta(shares: Sequence[float]) -> list[float]:
    from .schedulers import check_library

    check_library("scipy", "a schedule by the Beta distribution")
    from scipy.special import betaincinv

    return [float(betaincinv(0.6, 0.6, share)) for share in shares]


def linear_quadratic(levels: Levels, steps: int) -> list[float]:
    """First half in small even steps, then by a parabola: Mochi 1, genmoai/mochi (Apache-2.0)."""
    slow = steps // 2
    if slow == 0:
        return [levels.top]
    slope, quick = 0.025 / slow, steps - slow
    # The parabola goes on with that slope, and reaches 1 where the last step ends.
    bend = (1 - slope * steps) / quick**2
    gone = [slope * i + bend * max(i - slow, 0) ** 2 for i in range(steps)]
    return [levels.top * (1 - share) for share in gone]


def kl_optimal(levels: Levels, steps: int) -> list[float]:
    """Best if pictures were normally distributed: theorem 3.1 of https://arxiv.org/abs/2404.14507."""
    return [
        math.tan(angle) for angle in _even(math.atan(levels.top), math.atan(levels.bottom), steps)
    ]


_TABLES = {
    "sd": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    "svd": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}


def align_your_steps(levels: Levels, steps: int) -> list[float]:
    """Levels optimised for Stable Diffusion 1.5, SDXL and SVD: https://arxiv.org/abs/2404.14507.

    For other numbers of steps between them in the logarithm, as the authors advise; for a model
    with other ends stretched to those.
    """
    if levels.path.flow:
        raise NodeError(
            "the schedule 'align_your_steps' was made for models that predict noise, and this one"
            " predicts a flow; 'simple' and 'beta' suit it"
        )
    logs = [math.log(sigma) for sigma in _TABLES[levels.table]]
    top, low = math.log(levels.top), math.log(levels.bottom)
    made = []
    for place in _even(0.0, len(logs) - 1.0, steps + 1)[:-1]:
        at = min(int(place), len(logs) - 2)
        log = logs[at] + (logs[at + 1] - logs[at]) * (place - at)
        share = (log - logs[-1]) / (logs[0] - logs[-1])
        made.append(math.exp(low + (top - low) * share))
    return made


SCHEDULES: dict[str, Callable[[Levels, int], list[float]]] = {
    "normal": normal,
    "karras": karras,
    "exponential": exponential,
    "sgm_uniform": sgm_uniform,
    "simple": simple,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "beta_timesteps": beta_timesteps,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
    "align_your_steps": align_your_steps,
}


def make_sigmas(levels: Levels, schedule: str, steps: int) -> list[float]:
    """The levels of a schedule of this file, falling, zero after them; no level twice."""
    if steps < 1:
        raise NodeError("a schedule has at least 1 step; set steps higher")
    found = [min(max(sigma, 0.0), levels.top) for sigma in SCHEDULES[schedule](levels, steps)]
    if levels.top - found[0] < 1e-6 * levels.top:
        found[0] = levels.top  # which rounding missed
    if any(high <= low for high, low in pairwise(found)):
        raise NodeError(
            f"the schedule {schedule!r} cannot make {steps} steps: the model has"
            f" {len(levels.sigmas)} noise levels; set steps lower"
        )
    return [*found, 0.0] if found[-1] > 0 else found


def levels_for(model: Model, family: Family, shape: tuple[int, ...]) -> Levels:
    """The levels of a model for latents of a shape [B,C,h,w]."""
    config = model.options["scheduler"]
    table = "sdxl" if family.name == "sdxl" else "sd"
    return levels_of(config, table, family.shift(config, shape))


def whole(sigmas: Sequence[float], levels: Levels) -> list[float]:
    """Levels that somebody gives, or a sentence on what is wrong with them."""
    found = [float(sigma) for sigma in sigmas]
    if len(found) < 2:
        raise NodeError(
            "the sigmas have no step: there are at least two, each below the one before"
        )
    for high, low in pairwise(found):
        if not high > low >= 0:
            raise NodeError(
                f"the sigmas have to fall, and not below 0: {low:g} comes after {high:g};"
                " diffusion.custom_sigmas and diffusion.sigmas make them"
            )
    if levels.path.flow and found[0] > 1:
        raise NodeError(
            f"the sigmas begin at {found[0]:g} and those of this model, which predicts a flow, lie"
            " between 1 and 0; make them with diffusion.sigmas for this model"
        )
    return found
