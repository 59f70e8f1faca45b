"""The tokenizer of the writer: bytes, and what of them is often seen together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

IDEA, PROMPT, END = "<idea>", "<prompt>", "<end>"
TEMPLATE = (
    f"{IDEA}{{{{ messages[-1]['content'] | trim | lower }}}}"
    f"{{% if add_generation_prompt %}}{PROMPT}{{% endif %}}"
)
"""Of a conversation the last thing that was said is the idea; rules are not read."""


def train_words(texts: Iterable[str], size: int) -> Any:
    """A tokenizer that learned byte pairs (BPE) from texts; any text can be written in it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[IDEA, PROMPT, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    found = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=IDEA, eos_token=END, pad_token=END
    )
    found.chat_template = TEMPLATE
    return found
