"""A Whisper hears a sound. Imported only where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import StoppingCriteria

from musegraph import Context, NodeError
from musegraph_nodes.live import Live

if TYPE_CHECKING:
    from torch import Tensor

    from musegraph_nodes.audio.samples import Wave

RATE = 16_000
"""Samples a second that Whisper hears."""

_ENGLISH = "en"


class Check(StoppingCriteria):
    """Lets a cancelled run end between two tokens."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        self.ctx.check()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


def hear(
    live: Live, wave: Wave, language: str, task: str, ctx: Context
) -> tuple[list[dict[str, Any]], str]:
    """The parts of what is said in samples [N], each with its times, and the language's code."""
    net, ears = live.parts["model"], live.parts["ears"]
    known = net.generation_config.lang_to_id if _is_multilingual(net) else {}
    asked = _asked(known, language, task)
    longer = len(wave) > ears.n_samples
    heard = ears(
        wave,
        sampling_rate=RATE,
        truncation=False,
        padding="longest" if longer else "max_length",
        return_tensors="pt",
    )
    features = heard.input_features.to(ctx.device, net.dtype)

    def watch(done: Tensor) -> None:
        ctx.progress(float(done[0, 0]), float(done[0, 1]))

    with live.turn(ctx), torch.no_grad():
        if known and not asked:
            asked = _heard(net, features, known)
        said = {"language": asked, "task": task} if known else {}
        made = net.generate(
            features,
            return_timestamps=True,
            return_segments=True,
            do_sample=False,
            num_beams=1,
            stopping_criteria=[Check(ctx)],
            monitor_progress=watch,
            **said,
        )
    return _parts(live, made["segments"][0], len(wave) / RATE), asked or _ENGLISH


def _is_multilingual(net: Any) -> bool:
    config = net.generation_config
    return bool(getattr(config, "is_multilingual", True)) and hasattr(config, "lang_to_id")


def _asked(known: dict[str, int], language: str, task: str) -> str:
    """The code of a language, or nothing where it is to be heard; unknown ones are refused."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    name = language.strip().lower()
    code = str(TO_LANGUAGE_CODE.get(name, name))
    if not known:
        if task != "transcribe" or code not in ("", _ENGLISH):
            raise NodeError(
                "this Whisper hears English alone and translates nothing; link one without .en in"
                " its name"
            )
        return ""
    if code and f"<|{code}|>" not in known:
        codes = ", ".join(sorted(one.strip("<|>") for one in known))
        raise NodeError(f"port 'language': Whisper knows no {language!r}; it knows {codes}")
    return code


def _heard(net: Any, features: Tensor, known: dict[str, int]) -> str:
    """The code of the language that is likeliest in the first half minute."""
    frames = 2 * net.config.max_source_positions
    token = int(net.detect_language(features[..., :frames], num_segment_frames=frames)[0])
    return next(name for name, number in known.items() if number == token).strip("<|>")


def _parts(live: Live, segments: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """Parts with words in them that begin before the sound ends: what follows is silence.

    Their texts are as they are written one behind another, with the spaces of the language.
    """
    times = live.parts["model"].generation_config.no_timestamps_token_id + 1
    found = []
    for one in segments:
        tokens = one["tokens"][one["tokens"] < times]
        text = live.parts["words"].decode(tokens, skip_special_tokens=True)
        start, end = (min(round(float(one[name]), 2), seconds) for name in ("start", "end"))
        if text.strip() and start < seconds:
            found.append({"text": text, "start": start, "end": end})
    return found
