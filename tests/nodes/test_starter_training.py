"""The training stages of the starter picture model, each with a toy-sized model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from musegraph_nodes.starter.training import autoencoder, denoiser, export, fold, judge, text  # noqa: E402
from musegraph_nodes.starter.training.data import Pictures  # noqa: E402
from musegraph_nodes.starter.training.loop import Progress  # noqa: E402

CPU = torch.device("cpu")
CAPTIONS = ["a red tent on the left, ink drawing", "the sea at night, pixel art, two swans"]
AUTOENCODER = autoencoder.AutoencoderPlan(
    channels=(8, 8, 16, 16), groups=4, size=32, batch=2, crop=16, full_share=0.0
)
DENOISER = denoiser.DenoiserPlan(channels=(8, 16), heads=2, groups=4, batch=2)
TEXT = text.TextPlan(length=24, merges=40, width=16, inner=32, layers=1, heads=2)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    return Pictures(pixels, [CAPTIONS] * 6, [{}] * 6)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return text.train_tokenizer(CAPTIONS, tmp_path_factory.mktemp("tokenizer"), TEXT)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, pictures: Pictures) -> Path:
    """A work folder with a tokenizer and random latents."""
    work = tmp_path_factory.mktemp("work")
    learned = text.train_tokenizer(CAPTIONS, work / "tokenizer", TEXT)
    tokens = text.encode(learned, CAPTIONS * 6).reshape(6, 2, TEXT.length)
    np.save(work / "tokens.npy", tokens.numpy().astype(np.int16))
    rng = np.random.default_rng(1)
    np.save(work / "latents.npy", rng.normal(size=(6, 16, 4, 4)).astype(np.float16))
    return work


def weights(model: Any) -> list[Any]:
    return [p.detach().clone() for p in model.parameters()]


@pytest.mark.parametrize("words", ["a red tent", "日本 ünï 🙂 xyz", "UPPER Case, 42!"])
def test_any_text_survives_the_tokenizer(tokenizer: Any, words: str) -> None:
    ids = text.encode(tokenizer, [words])[0]
    plain = tokenizer.decode(ids, skip_special_tokens=True)
    assert plain.replace(" ", "") == words.lower().replace(" ", "")


def test_texts_are_padded_with_the_end_token_and_cut(tokenizer: Any) -> None:
    ids = text.encode(tokenizer, ["", "red " * 100])
    assert ids.shape == (2, TEXT.length)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    assert ids[0].tolist() == [tokenizer.bos_token_id] + [tokenizer.eos_token_id] * 23
    assert ids[1, 0] == tokenizer.bos_token_id
    assert ids[1, -1] == tokenizer.eos_token_id


def test_the_text_encoder_knows_the_tokenizers_special_tokens(tokenizer: Any) -> None:
    config = text.build_text_encoder(TEXT, tokenizer).config
    assert config.vocab_size == len(tokenizer)
    assert config.eos_token_id == config.pad_token_id == tokenizer.eos_token_id
    assert config.bos_token_id == tokenizer.bos_token_id


def test_the_autoencoder_trains_and_resumes(tmp_path: Path, pictures: Pictures) -> None:
    first = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    fresh = weights(first.model)
    first.run(minutes=10, max_steps=2)
    assert any(not torch.equal(a, b) for a, b in zip(fresh, weights(first.model), strict=True))
    second = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    assert second.progress.step == 2
    assert second.progress.seconds == first.progress.seconds
    for a, b in zip(weights(first.model), weights(second.model), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(first.averages.values, second.averages.values, strict=True):
        assert torch.equal(a, b)
    values = second.step(2, 0.1)
    assert np.isfinite(values["loss"])
    second.run(minutes=10, max_steps=1)
    third = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    assert third.progress.step == 3


def test_a_decoder_trained_further_leaves_the_latents_alone(
    tmp_path: Path, pictures: Pictures
) -> None:
    whole = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    whole.run(minutes=10, max_steps=1)
    more = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU, decoder_only=True)
    encoder, decoder = weights(more.model.encoder), weights(more.model.decoder)
    more.run(minutes=10, max_steps=1)
    assert all(torch.equal(a, b) for a, b in zip(encoder, weights(more.model.encoder), strict=True))
    assert any(
        not torch.equal(a, b) for a, b in zip(decoder, weights(more.model.decoder), strict=True)
    )


def test_the_autoencoder_learns(tmp_path: Path, pictures: Pictures) -> None:
    training = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    losses = [training.step(number, 0.0)["loss"] for number in range(24)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_folding_standardises_the_latents_and_keeps_the_pictures(pictures: Pictures) -> None:
    torch.manual_seed(0)
    vae = autoencoder.build_autoencoder(AUTOENCODER).eval()
    real = pictures.batch(np.arange(6))
    with torch.no_grad():
        before = vae.decode(vae.encode(real).latent_dist.mode()).sample
        mean, deviation = fold.latent_statistics(vae, pictures, CPU)
        fold.fold(vae, mean, deviation)
        after = vae.decode(vae.encode(real).latent_dist.mode()).sample
        mean, deviation = fold.latent_statistics(vae, pictures, CPU)
    assert torch.allclose(before, after, atol=1e-4)
    assert torch.allclose(mean, torch.zeros(8), atol=0.05)
    assert torch.allclose(deviation, torch.ones(8), atol=0.05)
    assert vae.config.scaling_factor == 1.0


def test_the_denoiser_trains_and_resumes(prepared: Path) -> None:
    first = denoiser.DenoiserTraining(DENOISER, TEXT, prepared, CPU)
    first.run(minutes=10, max_steps=2)
    second = denoiser.DenoiserTraining(DENOISER, TEXT, prepared, CPU)
    assert second.progress.step == 2
    for a, b in zip(weights(first.model), weights(second.model), strict=True):
        assert torch.equal(a, b)
    second.run(minutes=10, max_steps=1)
    assert second.progress.step == 3
    assert np.isfinite(second.step(3, 0.5)["loss"])


def test_a_checkpoint_is_the_only_one(prepared: Path) -> None:
    training = denoiser.DenoiserTraining(DENOISER, TEXT, prepared, CPU)
    training.progress = Progress(1000, 1.0)
    training.save()
    kept = [path.name for path in (prepared / "denoiser").iterdir()]
    assert kept == ["step-00001000"]


def test_the_exported_folder_is_a_pipeline_in_float32(tmp_path: Path, tokenizer: Any) -> None:
    from diffusers import StableDiffusionPipeline

    vae = autoencoder.build_autoencoder(AUTOENCODER)
    model = denoiser.build_denoiser(DENOISER, TEXT, tokenizer, 8, 4)
    target = tmp_path / "scenes"
    source = tmp_path / "tokenizer"
    text.train_tokenizer(CAPTIONS, source, TEXT)
    for _ in range(2):
        export.write_folder(target, vae, model, source, "# A card\n")
    export.check_folder(target)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    pipeline = StableDiffusionPipeline.from_pretrained(target)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.safety_checker is None
    arguments = {"num_inference_steps": 2, "height": 32, "width": 32, "output_type": "np"}
    generator = torch.Generator().manual_seed(0)
    pixels = pipeline("a red tent", generator=generator, **arguments).images
    assert pixels.shape == (1, 32, 32, 3)
    assert np.isfinite(pixels).all()


def test_drawing_does_not_depend_on_what_is_drawn_beside(tokenizer: Any) -> None:
    torch.manual_seed(0)
    vae = autoencoder.build_autoencoder(AUTOENCODER).eval()
    model = denoiser.build_denoiser(DENOISER, TEXT, tokenizer, 8, 4).eval()
    both = denoiser.draw(model, vae, tokenizer, CAPTIONS, steps=2, seed=5)
    second = denoiser.draw(model, vae, tokenizer, CAPTIONS[1:], steps=2, seed=6)
    assert torch.allclose(both[1:], second, atol=0.05)


def test_the_interval_holds_the_share() -> None:
    low, high = judge.interval(90, 100)
    assert 0.80 < low < 0.90 < high < 0.97
    assert judge.interval(0, 0) == (0.0, 1.0)


def test_attributes_that_do_not_apply_are_not_judged() -> None:
    scene = {"kind": "scene", "colour": ""} | dict.fromkeys(
        ("style", "scene", "time", "position", "subject", "weather"), "x"
    )
    shapes = {"kind": "objects", "style": "x", "first": {"colour": "red", "shape": "star"}}
    classes = judge.Classes.of([scene, shapes])
    assert classes.targets([scene, shapes]).tolist() == [
        [0, 1, 0, 0, 0, -1, 0],
        [0, 0, -1, -1, -1, 0, -1],
    ]
