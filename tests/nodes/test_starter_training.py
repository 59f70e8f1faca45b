"""The training stages of the starter picture model, each with a toy-sized model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from musegraph_nodes.starter.scenes.vocabulary import STYLES  # noqa: E402
from musegraph_nodes.starter.training import (  # noqa: E402
    autoencoder,
    data,
    denoiser,
    distil,
    export,
    fold,
    loop,
    reading,
    recipe,
    text,
)
from musegraph_nodes.starter.training.data import Pictures  # noqa: E402
from musegraph_nodes.starter.training.loop import Progress  # noqa: E402

CPU = torch.device("cpu")
CAPTIONS = ["a red tent on the left, ink drawing", "the sea at night, pixel art, two swans"]
AUTOENCODER = autoencoder.AutoencoderPlan(
    channels=(8, 8, 16, 16), groups=4, size=32, batch=2, crop=16, full_share=0.0
)
DENOISER = denoiser.DenoiserPlan(channels=(8, 16), heads=2, groups=4, batch=2)
TEXT = text.TextPlan(length=24, merges=40, width=16, inner=32, layers=1, heads=2, lessons=3)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    return Pictures(pixels, [CAPTIONS] * 6, [{"style": "ink"}, {"style": "pixel art"}] * 3)


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
    np.save(work / "emphasis.npy", np.ones((6, 4, 4), np.float16))
    specs = [{"kind": "scene", "scene": scene} for scene in ("sea", "hills") * 3]
    reading.teach(work / "text_encoder", learned, tokens, specs, TEXT, CPU)
    return work


READY = ("latents.npy", "tokens.npy", "emphasis.npy", "tokenizer", "text_encoder")


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
    assert np.isfinite(float(values["loss"]))
    second.run(minutes=10, max_steps=1)
    third = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    assert third.progress.step == 3


def test_noise_in_the_latents_is_measured_by_their_own_deviation(
    tmp_path: Path, pictures: Pictures
) -> None:
    training = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    latents, added = torch.randn(400, 8, 8, 8), []
    for scale in (1.0, 10.0):  # larger latents must not be a way around it
        torch.manual_seed(5)
        added.append(training.spoiled(scale * latents) - scale * latents)
    assert torch.allclose(10 * added[0], added[1], atol=1e-3)
    each = added[0].std((1, 2, 3))
    most = AUTOENCODER.latent_noise
    assert 0 < each.min() < 0.1 * most
    assert 0.9 * most < each.max() < 1.1 * most


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


def test_a_decoder_trained_further_sees_smeared_styles_oftener_and_less_noise(
    tmp_path: Path, pictures: Pictures
) -> None:
    assert set(autoencoder.SMEARED) <= set(STYLES), "a style that no picture has is no help"
    whole = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    assert whole.odds is None, "at first all come alike"
    whole.save()
    more = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU, decoder_only=True)
    assert np.allclose(more.odds, np.array([1, 5, 1, 5, 1, 5]) / 18)
    assert more.plan.latent_noise < AUTOENCODER.latent_noise


def test_odds_choose_the_pictures_of_crops(pictures: Pictures) -> None:
    third = np.eye(6)[2]
    crops = pictures.raw_crops(np.random.default_rng(0), 20, pictures.pixels.shape[1], third)
    whole = pictures.pixels[2]
    for one in crops.numpy():
        assert np.array_equal(one, whole) or np.array_equal(one, whole[:, ::-1])
    growing = Pictures(pictures.pixels, [], [])
    assert growing.odds({"ink": 2.0}) is None, "what is still being drawn tells no styles yet"


def test_the_autoencoder_learns(tmp_path: Path, pictures: Pictures) -> None:
    training = autoencoder.AutoencoderTraining(AUTOENCODER, pictures, tmp_path, CPU)
    losses = [float(training.step(number, 0.0)["loss"]) for number in range(24)]
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
    assert np.isfinite(float(second.step(3, 0.5)["loss"]))


def test_the_denoiser_learns(prepared: Path, tmp_path: Path) -> None:
    for name in READY:
        (tmp_path / name).symlink_to(prepared / name)
    training = denoiser.DenoiserTraining(replace(DENOISER, batch=6, rate=0.1), TEXT, tmp_path, CPU)

    def loss() -> float:
        # The same noise each time, and steps so small that they change nothing.
        torch.manual_seed(5)
        return float(np.mean([float(training.step(0, 1.0)["loss"]) for _ in range(4)]))

    before = loss()
    for number in range(24):
        training.step(number, 0.0)
    assert loss() < before - 0.05


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


def test_a_training_goes_on_from_an_exported_folder(prepared: Path, tmp_path: Path) -> None:
    """Words keep their numbers only under the same captions; other sizes are refused."""
    words = text.load_tokenizer(prepared / "tokenizer")
    vae = autoencoder.build_autoencoder(AUTOENCODER)
    model = denoiser.build_denoiser(DENOISER, TEXT, words, 8, 4)
    folder, other = tmp_path / "scenes", tmp_path / "other"
    export.write_folder(folder, vae, model, prepared / "tokenizer", "# A card\n")
    text.train_tokenizer(["of other words"], tmp_path / "words", TEXT)
    export.write_folder(other, vae, model, tmp_path / "words", "# A card\n")
    work = tmp_path / "work"
    work.mkdir()
    for name in READY:
        (work / name).symlink_to(prepared / name)

    def begun(begin: Path, plan: denoiser.DenoiserPlan = DENOISER) -> Any:
        return denoiser.DenoiserTraining(replace(plan, seed=7), TEXT, work, CPU, begin=begin).model

    for begin, kept in ((folder, True), (other, False)):
        found = begun(begin)
        for a, b in zip(weights(found.unet), weights(model.unet), strict=True):
            assert torch.equal(a, b.half().float())
        a, b = (one.text_encoder.state_dict() for one in (found, model))
        name = next(name for name in a if name.endswith("q_proj.weight"))
        assert torch.equal(a[name], b[name].half().float()) == kept
    with pytest.raises(ValueError, match=r"other sizes than the recipe .*leave --from out"):
        begun(folder, replace(DENOISER, channels=(8, 24)))


def test_an_autoencoder_of_an_exported_folder_is_taken_with_a_decoder_that_went_on_from_it(
    prepared: Path, tmp_path: Path, pictures: Pictures
) -> None:
    from diffusers import AutoencoderKL

    vae = autoencoder.build_autoencoder(AUTOENCODER)
    words = text.load_tokenizer(prepared / "tokenizer")
    model = denoiser.build_denoiser(DENOISER, TEXT, words, 8, 4)
    folder, work = tmp_path / "scenes", tmp_path / "work"
    export.write_folder(folder, vae, model, prepared / "tokenizer", "# A card\n")
    recipe.recipe_of(work, CPU, autoencoder=AUTOENCODER.channels, size=64)

    def folded() -> Any:
        fold.fold_trained(tmp_path, work, "cpu", folder)
        return AutoencoderKL.from_pretrained(work / "vae")

    taken = folded()
    for a, b in zip(weights(taken), weights(vae), strict=True):
        assert torch.equal(a, b.half().float())
    assert taken.config.sample_size == 64
    more = autoencoder.AutoencoderTraining(
        AUTOENCODER, pictures, work, CPU, decoder_only=True, begin=folder
    )
    more.run(minutes=10, max_steps=1)
    other = folded()
    pairs = zip(weights(taken.encoder), weights(other.encoder), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    pairs = zip(weights(taken.decoder), weights(other.decoder), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)


def test_drawing_does_not_depend_on_what_is_drawn_beside(tokenizer: Any) -> None:
    torch.manual_seed(0)
    vae = autoencoder.build_autoencoder(AUTOENCODER).eval()
    model = denoiser.build_denoiser(DENOISER, TEXT, tokenizer, 8, 4).eval()
    both = denoiser.draw(model, vae, tokenizer, CAPTIONS, steps=2, seed=5)
    second = denoiser.draw(model, vae, tokenizer, CAPTIONS[1:], steps=2, seed=6)
    assert torch.allclose(both[1:], second, atol=0.05)


def test_the_mean_of_weights_reaches_as_far_as_a_run_is_long(tmp_path: Path) -> None:
    told: list[int] = []
    clock = loop.Clock(Progress(), minutes=0.002, sized=told.append)
    clock.run(lambda number, share: {"loss": 1.0}, lambda: None, max_steps=60)
    assert len(told) == 1
    assert told[0] > 60
    averages = loop.Averages([torch.nn.Parameter(torch.zeros(1))], 0.9995)
    averages.fit(3000)
    assert averages.decay == pytest.approx(0.99)
    averages.fit(10**7)
    assert averages.decay == pytest.approx(0.99)


def test_a_process_that_was_stopped_has_not_trained_meanwhile() -> None:
    progress = Progress()
    clock = loop.Clock(progress, minutes=10)
    assert clock._spent(0.1) == 0.1
    assert clock._spent(0.1) == 0.1
    assert clock._spent(600.0) == pytest.approx(3.0)


def test_a_folder_that_is_still_written_has_as_many_pictures_as_are_ready(tmp_path: Path) -> None:
    pixels = np.full((5, 16, 16, 3), 200, np.uint8)
    np.save(tmp_path / "pictures.npy", pixels)
    (tmp_path / "ready.txt").write_text("2")
    growing = data.open_pictures(tmp_path)
    assert len(growing) == 2
    (tmp_path / "ready.txt").write_text("4")
    assert len(growing) == 4
    assert growing.crops(np.random.default_rng(0), 3, 8).shape == (3, 3, 8, 8)
    (tmp_path / "ready.txt").unlink()
    assert len(growing) == 5


def test_a_recipe_is_kept_and_cannot_change_once_begun(tmp_path: Path) -> None:
    first = recipe.recipe_of(tmp_path, CPU, size=64, pictures=None)
    assert (first.size, first.pictures) == (64, recipe.Recipe().pictures)
    assert recipe.recipe_of(tmp_path, torch.device("cuda")) == first
    with pytest.raises(ValueError, match="other values of size"):
        recipe.recipe_of(tmp_path, CPU, size=128)
    other = recipe.recipe_of(tmp_path / "gpu", torch.device("cuda"))
    assert other.batch > first.batch
    assert other.denoiser > first.denoiser


def test_distilling_learns_resumes_and_writes_a_small_lora_that_a_pipeline_loads(
    tmp_path: Path, prepared: Path
) -> None:
    from diffusers import StableDiffusionPipeline

    torch.manual_seed(1)
    learned = text.load_tokenizer(prepared / "tokenizer")
    teacher = denoiser.build_denoiser(DENOISER, TEXT, learned, 8, 4)
    plan = distil.DistilPlan(
        rank=4, batch=4, rate=1e-2, average=0.5, steps=2, each=2, guidance=(8.0, 8.0)
    )
    first = distil.DistilTraining(plan, teacher, prepared, CPU)
    before, gap = weights(teacher), first.gap()
    for number in range(12):
        first.step(number, 0.1)
    assert first.gap() < gap - 0.005
    assert all(torch.equal(a, b) for a, b in zip(before, weights(teacher), strict=True))
    first.run(minutes=10, max_steps=1)
    second = distil.DistilTraining(plan, teacher, prepared, CPU)
    assert second.progress.step == 1
    file = export.few_step_of(tmp_path / "scenes")
    assert second.write(file) < distil.MOST_BYTES
    again = tmp_path / "again"
    shutil.copytree(prepared, again, ignore=shutil.ignore_patterns("distil"))
    third = distil.DistilTraining(plan, teacher, again, CPU, begin=file)
    assert third.progress.step == 0
    assert third.gap() == pytest.approx(second.gap(), abs=2e-3)
    with pytest.raises(ValueError, match="is of rank 4, and here it would be 8"):
        distil.DistilTraining(replace(plan, rank=8), teacher, again, CPU, begin=file)
    vae = autoencoder.build_autoencoder(AUTOENCODER)
    export.write_folder(tmp_path / "scenes", vae, teacher, prepared / "tokenizer", "# A card\n")
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "scenes")
    pipeline.load_lora_weights(str(file.parent), weight_name=file.name)
    noisy, words = torch.randn(1, 8, 4, 4), torch.randn(1, TEXT.length, TEXT.width)
    with torch.no_grad():
        made = pipeline.unet(noisy, 500, encoder_hidden_states=words).sample
        with second.averages.applied():
            asked = second.student(noisy, 500, encoder_hidden_states=words).sample
    assert torch.allclose(made, asked, atol=0.02)


def test_without_guidance_half_the_work_draws_the_same(tokenizer: Any) -> None:
    torch.manual_seed(0)
    vae = autoencoder.build_autoencoder(AUTOENCODER).eval()
    model = denoiser.build_denoiser(DENOISER, TEXT, tokenizer, 8, 4).eval()
    plain = denoiser.draw(model, vae, tokenizer, CAPTIONS, steps=2, guidance=1.0)
    nearly = denoiser.draw(model, vae, tokenizer, CAPTIONS, steps=2, guidance=1.0001)
    assert torch.allclose(plain, nearly, atol=0.05)
