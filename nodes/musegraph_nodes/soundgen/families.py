"""The families of models that make sound, and what each of them can do."""

from __future__ import annotations

from typing import Literal, NamedTuple

from musegraph import Model, NodeError

LOADER = "soundgen.models"

Task = Literal["generate", "song", "extend", "repaint", "vary", "melody", "codes"]


class Family(NamedTuple):
    """What models of one class are called, which library knows them, and their tasks."""

    title: str
    library: str
    tasks: tuple[Task, ...]


FAMILIES: dict[str, Family] = {
    "MusicgenForConditionalGeneration": Family(
        "MusicGen", "transformers", ("generate", "extend", "codes")
    ),
    "MusicgenMelodyForConditionalGeneration": Family(
        "MusicGen Melody", "transformers", ("generate", "melody", "codes")
    ),
    "EncodecModel": Family("EnCodec", "transformers", ("codes",)),
    "AceStepPipeline": Family(
        "ACE-Step 1.5", "diffusers", ("generate", "song", "extend", "repaint", "vary")
    ),
    "StableAudioPipeline": Family("Stable Audio Open", "diffusers", ("generate", "vary")),
    "StableAudio3Pipeline": Family(
        "Stable Audio 3", "diffusers", ("generate", "extend", "repaint", "vary")
    ),
    "AudioLDM2Pipeline": Family("AudioLDM 2", "diffusers", ("generate",)),
}
"""By the class that a model's folder names."""

ALIKE = {
    "StableAudio3AudioToAudioPipeline": "StableAudio3Pipeline",
    "StableAudio3InpaintPipeline": "StableAudio3Pipeline",
}
"""Classes whose folders are those of another."""

_DOES: dict[Task, str] = {
    "generate": "makes no sound from a text",
    "song": "sings no lyrics",
    "extend": "does not go on from a given sound",
    "repaint": "does not make a part of a sound anew",
    "vary": "makes no variations of a sound",
    "melody": "follows no melody",
    "codes": "has no codes",
}


def titles(task: Task | None = None) -> str:
    """The families, or those that can do something, in a sentence."""
    found = [one.title for one in FAMILIES.values() if task is None or task in one.tasks]
    return " or ".join((", ".join(found[:-1]), found[-1])) if len(found) > 1 else found[0]


def family_of(model: Model, task: Task) -> Family:
    """The family of a model; refused where it is another pack's or cannot do what is asked."""
    if model.loader != LOADER or model.family not in FAMILIES:
        raise NodeError(
            f"the reference to {model.source!r} was made for {model.loader!r}; link one that"
            " soundgen.load gives"
        )
    family = FAMILIES[model.family]
    if task not in family.tasks:
        raise NodeError(
            f"the model {model.source!r} is of {family.title}, which {_DOES[task]}; link one of"
            f" {titles(task)}"
        )
    return family
