"""Captions by tiny nets of random weights: what transformers itself says of the same picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf

from musegraph import Context, Image, ModelError, NodeError, Reference, Weights
from musegraph_nodes.control import caption, pack
from musegraph_nodes.live import quiet

SIZES = {
    "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "initializer_range": 0.5,
}  # fmt: skip
SEES = {**SIZES, "image_size": 32, "patch_size": 8}
WRITES = {
    **SIZES, "vocab_size": 40, "max_position_embeddings": 64, "bos_token_id": 2, "eos_token_id": 3,
    "sep_token_id": 3, "pad_token_id": 0,
}  # fmt: skip


class Bench(Context):
    """A context without an engine: models by path, progress in a list."""

    def __init__(self, stop: int = 99) -> None:
        self.steps: list[float] = []
        self.stop = stop

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        yield pack.loaders["transformers"].load(ref, Path(ref.source), self.device)

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        self.steps.append(done)
        if len(self.steps) == self.stop:
            raise KeyboardInterrupt


def nets() -> dict[str, Any]:
    blip = hf.BlipConfig(
        text_config={**WRITES, "encoder_hidden_size": 32}, vision_config=SEES,
        initializer_range=0.5, tie_word_embeddings=False,
    )  # fmt: skip
    pair = hf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        hf.ViTConfig(**SEES),
        hf.GPT2Config(vocab_size=40, n_embd=32, n_layer=2, n_head=2, n_positions=64,
                      add_cross_attention=True, bos_token_id=2, eos_token_id=3,
                      initializer_range=0.5),
        decoder_start_token_id=2, pad_token_id=0,
    )  # fmt: skip
    git = hf.GitConfig(vision_config=SEES, **WRITES)
    return {
        "blip": hf.BlipForConditionalGeneration(blip),
        "pair": hf.VisionEncoderDecoderModel(pair),
        "git": hf.GitForCausalLM(git),
    }


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(3)
        made = {name: tmp_path_factory.mktemp(name) for name in ("blip", "pair", "git")}
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{at}" for at in range(35))]
        for name, net in nets().items():
            net.eval().save_pretrained(made[name])
            (made[name] / "vocab.txt").write_text("\n".join(words))
            hf.BertTokenizer(str(made[name] / "vocab.txt")).save_pretrained(made[name])
            sees = hf.ViTImageProcessorPil if name == "pair" else hf.BlipImageProcessorPil
            sees(size={"height": 32, "width": 32}).save_pretrained(made[name])
    return made


def picture(seed: int = 1) -> Image:
    levels = torch.rand(1, 20, 30, 3, generator=torch.Generator().manual_seed(seed))
    return Image((levels * 255).round() / 255)


@pytest.mark.parametrize("kind", ["blip", "pair", "git"])
def test_a_caption_is_what_transformers_itself_says_of_the_picture(
    folders: dict[str, Path], kind: str
) -> None:
    ctx, place = Bench(), folders[kind]
    said = caption(picture(), str(place), ctx, most=9, beams=2)
    with quiet(), torch.no_grad():
        net = hf.AutoModelForImageTextToText.from_pretrained(place).eval()
        sees = hf.AutoImageProcessor.from_pretrained(place, backend="pil")
        page = (picture().data[0] * 255).round().byte().numpy()
        seen = sees(images=page, return_tensors="pt", input_data_format="channels_last")
        tokens = net.generate(**seen, max_new_tokens=9, num_beams=2, do_sample=False)
        theirs = hf.AutoTokenizer.from_pretrained(place).decode(tokens[0], skip_special_tokens=True)
    assert said == theirs
    assert said.startswith("w"), "the net says something"
    assert ctx.steps == sorted(ctx.steps)
    assert len(ctx.steps) > 1
    with pytest.raises(KeyboardInterrupt):
        caption(picture(), str(place), Bench(stop=1), most=9)


def test_what_cannot_be_captioned_is_said_in_words(folders: dict[str, Path]) -> None:
    with pytest.raises(NodeError, match="one picture, and here are 2"):
        caption(Image(torch.zeros(2, 8, 8, 3)), str(folders["git"]), Bench())
    (folders["git"] / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks its preprocessor_config\.json"):
        caption(picture(), str(folders["git"]), Bench())
    (folders["blip"] / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match=r"caption model .* cannot be opened"):
        caption(picture(), str(folders["blip"]), Bench())
