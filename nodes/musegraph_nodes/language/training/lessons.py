"""What the writer learns from: prompts of the starter's scenes, and ideas that each may come of."""

from __future__ import annotations

import re

import numpy as np

from musegraph_nodes.starter.scenes.caption import caption
from musegraph_nodes.starter.scenes.chinese import chinese_caption
from musegraph_nodes.starter.scenes.spec import sample_spec

_SMALL = frozenset(
    {
        "a", "an", "and", "art", "at", "by", "in", "is", "it", "of", "on", "over", "side", "the",
        "to", "with",
    }
)  # fmt: skip
"""Words that an idea does without."""
_CHINESE = 0.35
_WHOLE = 0.1
_STRANGE = 0.25
_MARKS = re.compile(r"[,.，。、\s]+")


def lesson(seed: int, number: int) -> tuple[str, str]:
    """An idea and a prompt; the same for the same numbers. Held-out combinations are among them."""
    rng = np.random.default_rng([seed, number])
    spec = sample_spec(rng, None)
    if rng.random() < _CHINESE:
        prompt = chinese_caption(spec, rng)
        return chinese_idea(prompt, rng), prompt
    prompt = caption(spec, rng)
    return idea(prompt, rng), prompt


def idea(prompt: str, rng: np.random.Generator) -> str:
    """Some words of an English prompt, now and then with one that means nothing there."""
    if rng.random() < _WHOLE:
        return prompt
    words = [word for word in _MARKS.split(prompt) if word]
    if rng.random() < 0.5:
        chosen = _stretches(words, rng)
    else:
        telling = [word for word in words if word not in _SMALL]
        count = min(len(telling), 1 + int(rng.geometric(0.4)))
        places = rng.choice(len(telling), count, replace=False)
        order = places if rng.random() < 0.3 else np.sort(places)
        chosen = [telling[place] for place in order]
    if rng.random() < _STRANGE:
        chosen.insert(int(rng.integers(len(chosen) + 1)), strange(rng))
    return " ".join(chosen)


def chinese_idea(prompt: str, rng: np.random.Generator) -> str:
    """Some stretches of a Chinese prompt, mostly the ends of phrases, where things are named."""
    if rng.random() < _WHOLE:
        return prompt
    phrases = [phrase for phrase in _MARKS.split(prompt) if phrase]
    count = min(len(phrases), 1 + int(rng.random() < 0.4))
    places = np.sort(rng.choice(len(phrases), count, replace=False))
    chosen = []
    for place in places:
        phrase = phrases[place]
        length = min(len(phrase), int(rng.integers(2, 7)))
        ends = len(phrase) if rng.random() < 0.7 else int(rng.integers(length, len(phrase) + 1))
        chosen.append(phrase[ends - length : ends].removeprefix("的"))
    return "，".join(chosen)


def strange(rng: np.random.Generator) -> str:
    """A word that no scene has: what a user asks for is often not in this world."""
    sounds = ["".join(rng.choice(list(part))) for part in ("bcdfghklmnprstvwz", "aeiouy")]
    more = ["".join(rng.choice(list("bcdfghklmnprst"))) for _ in range(int(rng.integers(1, 3)))]
    return "".join([*sounds, *more, str(rng.choice(["", "e", "er", "ing", "s", "o"]))])


def _stretches(words: list[str], rng: np.random.Generator) -> list[str]:
    """One or two stretches of up to five words, without small words at their ends."""
    chosen: list[str] = []
    at = 0
    for _ in range(1 + int(rng.random() < 0.4)):
        if at >= len(words):
            break
        start = int(rng.integers(at, len(words)))
        end = min(len(words), start + int(rng.integers(1, 6)))
        part = words[start:end]
        while part and part[0] in _SMALL - {"a", "the"}:
            part = part[1:]
        while part and part[-1] in _SMALL:
            part = part[:-1]
        chosen += part
        at = end
    return chosen or [word for word in words if word not in _SMALL][:1]
