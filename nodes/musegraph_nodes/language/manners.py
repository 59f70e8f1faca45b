"""Nodes `language.expand_prompt` and `language.lyrics`: what other models are to be told."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from musegraph import Context, NodeError, Seed, Text, node

from .ports import MULTILINE, Asked, Most, Temperature, Writer
from .rules import BETWEEN, lyrics_rules, manner, song_before

_LABEL = re.compile(
    r"^\W*(?:the )?(?:prompt|answer|output|here is[^:\n]*|sure[^:\n]*)\s*:\s*", re.IGNORECASE
)
_SECTION = re.compile(
    r"^\W*(intro|verse|pre-?chorus|chorus|refrain|bridge|hook|interlude|instrumental|solo|outro)"
    r"\W*\d*\W*$",
    re.IGNORECASE,
)


@node(version="1", title="Expand a prompt", numeric=True, uses="device")
def expand_prompt(
    model: Writer,
    idea: Annotated[str, Field(description="A few words, in any language."), MULTILINE],
    ctx: Context,
    kind: Annotated[
        Literal["sentences", "tags", "music", "motion"],
        Field(
            description="sentences: for FLUX, SD 3, Qwen-Image, Z-Image; tags: for Stable Diffusion"
            " 1.5, SDXL; music: for soundgen; motion: for motion.text_to_motion."
        ),
    ] = "sentences",
    most: Most = 200,
    temperature: Temperature = 0.9,
    seed: Annotated[Seed, Field(description="Another one, another prompt.")] = 0,
) -> Text:
    """Make a whole prompt of a few words, in the manner that a model of pictures or music wants.

    A list of seeds makes as many prompts of one idea.
    """
    from . import generation

    if not idea.strip():
        raise NodeError("port 'idea': there is no idea; write a word or two")
    how = manner(kind)
    asked = Asked(ctx, model, most, temperature, seed)
    with ctx.load(model) as live:
        if generation.talks(live):
            chat = [{"role": "system", "content": how.rules}, {"role": "user", "content": idea}]
            made = one_line(generation.answer(live, chat, asked))
        else:
            line = replace(asked, stop=("\n",))
            made = one_line(generation.continuation(live, how.shown(idea), line))
    if not made:
        ctx.warn(
            "the model wrote nothing, so the idea is handed on as it is; another seed may help"
        )
    return made or one_line(idea)


@node(version="1", title="Write lyrics", numeric=True, uses="device")
def lyrics(
    model: Writer,
    theme: Annotated[str, Field(description="What the song is about."), MULTILINE],
    ctx: Context,
    genre: Annotated[str, Field(description="Such as pop, folk or rap.")] = "pop",
    parts: Annotated[
        str, Field(description="In their order.")
    ] = "verse, chorus, verse, chorus, bridge, chorus",
    language: Annotated[str, Field(description="In which they are: English, 中文 …")] = "English",
    most: Most = 600,
    temperature: Temperature = 0.9,
    seed: Annotated[Seed, Field(description="Another one, another song.")] = 0,
) -> Text:
    """Write lyrics with their parts in brackets, as soundgen.song and ACE-Step sing them."""
    from . import generation

    if not theme.strip():
        raise NodeError("port 'theme': a song is about something; write a word or two")
    told = f"Song about: {theme}\nGenre: {genre}\nParts: {parts}\n"
    asked = Asked(ctx, model, most, temperature, seed)
    with ctx.load(model) as live:
        if generation.talks(live):
            chat = [
                {"role": "system", "content": lyrics_rules()},
                {"role": "user", "content": f"{told}Language: {language}"},
            ]
            return sung(generation.answer(live, chat, asked))
        song = replace(asked, stop=(BETWEEN, "Song about:"))
        return sung("[" + generation.continuation(live, song_before(told), song))


def one_line(text: str) -> str:
    """What a model wrote as a prompt: without a label, quotes, bold letters or line breaks."""
    text = _LABEL.sub("", text.strip()).replace("**", "")
    text = " ".join(text.split())
    if len(text) > 1 and text[0] in "\"'“‘" and text[-1] in "\"'”’":
        text = text[1:-1].strip()
    return text


def sung(text: str) -> str:
    """Lyrics whose parts begin with their name in brackets, in small letters, and a free line."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        line = line.strip().strip("*").strip()
        if found := _SECTION.match(line):
            lines += ["", f"[{found[1].lower().replace('prechorus', 'pre-chorus')}]"]
        elif line or (lines and lines[-1]):
            lines.append(line)
    first = next((at for at, line in enumerate(lines) if line.startswith("[")), None)
    if first is None:
        lines.insert(0, "[verse]")
    else:
        # What stands before the first part is a title, or the model that talks.
        lines = lines[first:]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
