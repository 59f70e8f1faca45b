"""How text encoders are read: tokens of a text, and what a net makes of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from musegraph import NodeError, TextEncoder

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Encoder:
    """A live text encoder with its tokenizer, and the words that patches have taught it."""

    net: Any
    tokenizer: Any
    words: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tokens:
    """Token ids [1,L], their mask, and the words for which there was no room."""

    ids: Tensor
    mask: Tensor
    rest: str = ""


@dataclass(frozen=True)
class States:
    """What an encoder makes of tokens: states [1,L,D], perhaps one for all [1,D]; float32."""

    hidden: Tensor
    pooled: Tensor | None = None


@dataclass(frozen=True)
class Reader(ABC):
    """How a family reads one of its text encoders."""

    part: str = "text_encoder"

    kind: Literal["clip", "t5", "chat"] = "clip"

    def given(self, encoder: TextEncoder) -> bool:
        """Whether a model has this encoder; some can do without."""
        return self.part == encoder.part or self.part in encoder.options.get("others", {})

    def absent(self, encoder: TextEncoder) -> States | None:
        """What stands for the states of an encoder that a model does without, if anything does."""
        return None

    @abstractmethod
    def tokens(self, live: Encoder, text: str) -> Tokens:
        """The tokens of a text, padded or cut off to the length that the encoder takes."""

    @abstractmethod
    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        """What the net makes of tokens, as the plain pipeline reads it."""


def cut(live: Encoder, text: str, length: int) -> Tokens:
    """Tokens of a text, padded to a length; what is longer is cut off."""
    tokenizer = live.tokenizer
    options: dict[str, Any] = {"return_tensors": "pt", "verbose": False}
    made = tokenizer(text, padding="max_length", max_length=length, truncation=True, **options)
    whole = tokenizer(text, **options).input_ids
    rest = tokenizer.decode(whole[0, length - 1 : -1]) if whole.shape[-1] > length else ""
    return Tokens(made.input_ids, made.attention_mask, str(rest).strip())


def room(live: Encoder) -> int:
    """How many tokens a CLIP takes."""
    return int(min(live.tokenizer.model_max_length, live.net.config.max_position_embeddings))


def skipped(states: Any, clip_skip: int, deepest: int) -> Tensor:
    """Of all hidden states those of the layer before ``clip_skip`` and ``deepest`` last ones."""
    at = clip_skip + deepest
    if at > len(states):
        raise NodeError(
            f"clip_skip is {clip_skip} and this text encoder has {len(states) - 1} layers;"
            " set it lower, most models want 0"
        )
    found: Tensor = states[-at]
    return found


@dataclass(frozen=True)
class Clip(Reader):
    """CLIP as Stable Diffusion 1.x and 2.x read it: the last states, after their norm."""

    def tokens(self, live: Encoder, text: str) -> Tokens:
        return cut(live, text, room(live))

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        net = live.net
        wanted = getattr(net.config, "use_attention_mask", False)
        given = tokens.mask.to(device) if wanted else None
        with torch.no_grad():
            if clip_skip == 0:
                made: Tensor = net(tokens.ids.to(device), attention_mask=given)[0]
                return States(made.float())
            found = net(tokens.ids.to(device), attention_mask=given, output_hidden_states=True)
            state = skipped(found.hidden_states, clip_skip, 1)
            # Before transformers 5 the layers lay one level deeper.
            made = getattr(net, "text_model", net).final_layer_norm(state)
            return States(made.float())


@dataclass(frozen=True)
class ClipBeforeLast(Clip):
    """CLIP as Stable Diffusion XL and 3 read it: the states before the last layer, as they are.

    With a projection it also gives one embedding for the whole text.
    """

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        with torch.no_grad():
            found = live.net(tokens.ids.to(device), output_hidden_states=True)
            state = skipped(found.hidden_states, clip_skip, 2)
        pooled = found[0] if found[0].ndim == 2 else None
        return States(state.float(), None if pooled is None else pooled.float())


@dataclass(frozen=True)
class ClipPooled(Clip):
    """CLIP as FLUX.1 reads it: one embedding for the whole text."""

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        with torch.no_grad():
            found = live.net(tokens.ids.to(device))
        return States(found.last_hidden_state.float(), found.pooler_output.float())


@dataclass(frozen=True)
class T5(Reader):
    """The encoder half of T5 (https://arxiv.org/abs/1910.10683): its last states, padded."""

    kind: Literal["clip", "t5", "chat"] = "t5"
    length: int = 512

    def tokens(self, live: Encoder, text: str) -> Tokens:
        return cut(live, text, self.length)

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        with torch.no_grad():
            return States(live.net(tokens.ids.to(device))[0].float())


@dataclass(frozen=True)
class T5OrZeros(T5):
    """T5 as Stable Diffusion 3 reads it, which takes zeros where a model comes without."""

    def absent(self, encoder: TextEncoder) -> States | None:
        import torch

        return States(torch.zeros(1, self.length, int(encoder.options["width"])))


@dataclass(frozen=True)
class Chat(Reader):
    """A language model as Z-Image reads it: the states before its last layer, without padding.

    It is told the text as what a user says.
    """

    kind: Literal["clip", "t5", "chat"] = "chat"
    length: int = 512

    def tokens(self, live: Encoder, text: str) -> Tokens:
        said = live.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=True,
        )
        return cut(live, said, self.length)

    def states(self, live: Encoder, tokens: Tokens, clip_skip: int, device: str) -> States:
        import torch

        mask = tokens.mask.to(device).bool()
        with torch.no_grad():
            found = live.net(
                input_ids=tokens.ids.to(device), attention_mask=mask, output_hidden_states=True
            )
            state = skipped(found.hidden_states, clip_skip, 2)
        return States(state[:, mask[0]].float())
