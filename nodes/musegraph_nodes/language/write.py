"""Node `language.write`: what a language model answers, or how it goes on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from musegraph import ADVANCED, Context, Json, NodeError, Seed, Text, node

from .ports import (
    MULTILINE,
    Asked,
    Most,
    Repetition,
    Temperature,
    Think,
    TopK,
    TopP,
    Writer,
)

_ROLES = ("system", "user", "assistant")


class Written(NamedTuple):
    """What a model wrote, and the conversation up to there."""

    text: Annotated[Text, Field(description="What it wrote, without what it was given.")]
    chat: Annotated[Json, Field(description="The conversation so far, for the next node's chat.")]


@node(version="1", title="Write text", numeric=True, uses="device")
def write(
    model: Writer,
    prompt: Annotated[
        str, Field(description="What is asked, or what the text is to go on from."), MULTILINE
    ],
    ctx: Context,
    system: Annotated[
        str, Field(description="Who the model is to be and how it answers."), MULTILINE
    ] = "",
    chat: Annotated[
        Json | None,
        Field(description="A conversation to go on with: the output chat of another such node."),
    ] = None,
    mode: Annotated[
        Literal["auto", "answer", "continue"],
        Field(
            description="auto: answer, if the model is made for conversations, else go on with the"
            " text."
        ),
        ADVANCED,
    ] = "auto",
    most: Most = 256,
    temperature: Temperature = 0.7,
    top_p: TopP = 0.95,
    top_k: TopK = 0,
    repetition: Repetition = 1.0,
    stop: Annotated[
        str,
        Field(description="Texts before the first of which it ends, one a line."),
        MULTILINE,
        ADVANCED,
    ] = "",
    think: Think = False,
    seed: Annotated[Seed, Field(description="Another one, other words.")] = 0,
) -> Written:
    """Let a language model answer, or go on with a text.

    What is drawn comes from the seed alone. With a list of seeds it is called once for each. Models
    that think first have their thoughts left out.
    """
    stops = tuple(line for line in stop.splitlines() if line.strip())
    asked = Asked(ctx, model, most, temperature, seed, top_p, top_k, repetition, stops, think)
    said = [*messages_of(chat), {"role": "user", "content": prompt}]
    if system.strip():
        if said[0]["role"] == "system":
            raise NodeError("port 'system': the conversation at 'chat' has one; leave this empty")
        said.insert(0, {"role": "system", "content": system})
    text = _said_to(asked, said, mode)
    return Written(text, [*said, {"role": "assistant", "content": text}])


def _said_to(asked: Asked, chat: list[dict[str, str]], mode: str) -> str:
    """What a model answers to a conversation, or how it goes on with all of it as one text."""
    from . import generation

    with asked.ctx.load(asked.model) as live:
        talks = generation.talks(live)
        if mode == "answer" and not talks:
            raise NodeError(
                f"the model {asked.model.source!r} is not made for conversations: its tokenizer has"
                " no chat template; set mode to continue"
            )
        if talks and mode != "continue":
            return generation.answer(live, chat, asked)
        return generation.continuation(live, "\n\n".join(one["content"] for one in chat), asked)


def messages_of(chat: Any) -> list[dict[str, str]]:
    """The messages of a conversation; anything else is refused."""
    if chat is None:
        return []
    if not isinstance(chat, list):
        raise NodeError("port 'chat': a conversation is a list of messages")
    for number, one in enumerate(chat, 1):
        fine = isinstance(one, dict) and one.get("role") in _ROLES
        if not fine or not isinstance(one.get("content"), str):
            raise NodeError(
                f"port 'chat': message {number} is no object with a role ({', '.join(_ROLES)}) and"
                " a content, which is a text"
            )
    return [{"role": one["role"], "content": one["content"]} for one in chat]
