"""Tokens in, tokens out: what a model writes. Imported only where it is used."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteria

from musegraph import Context, NodeError
from musegraph_nodes.live import Live

from .draw import Draw, warpers
from .load import reach_of

if TYPE_CHECKING:
    from torch import Tensor

    from .ports import Asked

Chat = list[dict[str, str]]
_SHOWN = 120
"""Characters of the end of a text that are shown while it is written."""
_NEUTRAL = (
    "temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff",
    "max_length", "num_beams",
)  # fmt: skip
"""Settings of generation that a model may bring, and that the ports decide instead."""
_THOUGHT = "</think>"


class Watch(StoppingCriteria):
    """Shows what is written, ends it at a stop, and lets a cancelled run end."""

    def __init__(self, ctx: Context, words: Any, before: int, most: int, stop: tuple[str, ...]):
        self.ctx, self.words, self.before, self.most, self.stop = ctx, words, before, most, stop
        # What is new ends in its last tokens; a character takes four of them at the most.
        self.seen = max(_SHOWN, 4 * max(map(len, stop), default=0) + 8)

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        done = input_ids.shape[1] - self.before
        text = said(self.words, input_ids[0, -min(done, self.seen) :])
        self.ctx.progress(min(done, self.most), self.most, text=text[-_SHOWN:] or None)
        ended = any(one in text for one in self.stop)
        return torch.full((len(input_ids),), ended, device=input_ids.device)


def talks(live: Live) -> bool:
    """Whether a model is made for conversations: its tokenizer says how one is written."""
    return bool(getattr(live.parts["words"], "chat_template", None))


def said(words: Any, tokens: Tensor) -> str:
    """The text of tokens."""
    return str(words.decode(tokens, skip_special_tokens=True))


def answer(live: Live, chat: Chat, asked: Asked) -> str:
    """What a model answers to a conversation, without what it thought before."""
    text = _written(live, _read(live, chat, asked.think), asked)
    if _THOUGHT in text:
        return text.rpartition(_THOUGHT)[2].strip()
    if asked.think and "<think>" in text:
        asked.ctx.warn(
            f"the model was still thinking after {asked.most} tokens, so there is no answer; make"
            " most larger"
        )
        return ""
    return text.strip()


def continuation(live: Live, text: str, asked: Asked) -> str:
    """How a model goes on with a text; the text itself is not in it."""
    ids = live.parts["words"](text, return_tensors="pt").input_ids
    if not ids.numel():
        begin = live.parts["model"].generation_config.bos_token_id
        if begin is None:
            raise NodeError("port 'prompt': there is nothing to go on from; write a word or two")
        ids = torch.tensor([[begin]])
    return _written(live, ids, asked)


def _read(live: Live, chat: Chat, think: bool) -> Tensor:
    """A conversation as the model was taught to read one."""
    from jinja2 import TemplateError

    words = live.parts["words"]

    def tokens(messages: Chat) -> Tensor:
        found: Any = words.apply_chat_template(
            messages,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            enable_thinking=think,
        )
        ids: Tensor = found["input_ids"]
        return ids

    try:
        return tokens(chat)
    except TemplateError as error:
        if chat[0]["role"] != "system" or len(chat) == 1:
            raise NodeError(f"the model cannot read such a conversation: {error}") from None
        # Some models know no system: then it stands before what is asked first.
        told = f"{chat[0]['content']}\n\n{chat[1]['content']}"
        try:
            return tokens([{**chat[1], "content": told}, *chat[2:]])
        except TemplateError as again:
            raise NodeError(f"the model cannot read such a conversation: {again}") from None


def _written(live: Live, ids: Tensor, asked: Asked) -> str:
    """The text that a model writes behind tokens [1,L]."""
    model, words = live.parts["model"], live.parts["words"]
    before = ids.shape[1]
    config = _settings(model, asked, before)
    processors = LogitsProcessorList()
    if asked.temperature:
        processors.extend(warpers(asked.temperature, asked.top_k, asked.top_p))
        processors.append(Draw(asked.ctx.generator(asked.seed), asked.ctx.check))
    watch = Watch(asked.ctx, words, before, int(config.max_new_tokens or 1), asked.stop)
    ids = ids.to(asked.ctx.device)
    with live.turn(asked.ctx), torch.no_grad():
        made = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=config,
            logits_processor=processors,
            stopping_criteria=[watch],
        )
    text = said(words, made[0, before:])
    ends = [at for one in asked.stop if (at := text.find(one)) >= 0]
    return text[: min(ends)] if ends else text


def _settings(model: Any, asked: Asked, before: int) -> GenerationConfig:
    """The model's own settings, but for what the ports decide; :class:`Draw` does the sampling."""
    config: GenerationConfig = deepcopy(model.generation_config)
    usual = GenerationConfig()
    for name in _NEUTRAL:
        setattr(config, name, getattr(usual, name, None))
    config.do_sample = False
    config.repetition_penalty = asked.repetition
    config.max_new_tokens = asked.most
    reach = reach_of(model.config)
    if reach is not None and before + asked.most > reach:
        if before >= reach:
            raise NodeError(
                f"what the model is to read has {before:,} tokens, and it sees {reach:,} at once;"
                " shorten it"
            )
        config.max_new_tokens = reach - before
        asked.ctx.warn(
            f"the model sees {reach:,} tokens at once, and reads {before:,}: it writes at most"
            f" {reach - before:,}"
        )
    if config.pad_token_id is None:
        ends = config.eos_token_id
        config.pad_token_id = ends[0] if isinstance(ends, list) else ends
    return config
