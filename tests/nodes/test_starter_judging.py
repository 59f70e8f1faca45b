"""How the starter picture model is judged: by fixed prompts, nets that read, and what is copied."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from musegraph_nodes.starter.training import (  # noqa: E402
    autoencoder,
    data,
    denoiser,
    distil,
    export,
    judge,
    judging,
    nearest,
    prompts,
    recipe,
    report,
    segment,
    text,
)
from musegraph_nodes.starter.training.data import Pictures  # noqa: E402

CPU = torch.device("cpu")


def test_the_interval_holds_the_share() -> None:
    low, high = judge.interval(90, 100)
    assert 0.80 < low < 0.90 < high < 0.97
    assert judge.interval(0, 0) == (0.0, 1.0)


SCENE = {"kind": "scene", "colour": "", "count": 1, "season": ""} | dict.fromkeys(
    ("style", "scene", "time", "position", "subject", "weather"), "x"
)
RED = {"colour": "red", "shape": "star"}
SHAPES = {"kind": "objects", "style": "x", "relation": "single", "first": RED, "second": None}
SHAPES |= {"background": "white", "count": 1}


def test_attributes_that_do_not_apply_are_not_judged() -> None:
    classes = judge.Classes.of([SCENE, SHAPES])
    assert list(classes.values) == list(judge.ATTRIBUTES)
    assert classes.targets([SCENE, SHAPES]).tolist() == [
        [0, 1, 0, 0, -1, 0, 0, -1, 0, -1],
        [0, 0, -1, -1, 0, -1, 0, -1, -1, 0],
    ]
    pair = SHAPES | {"relation": "above", "second": {"colour": "blue", "shape": "star"}}
    assert set(judge.labels_of(pair)) == {"style", "scene"}


def test_the_judge_learns_resumes_and_is_kept_with_its_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 80, (24, 64, 64, 3), np.uint8)
    pictures[::2, :, :, 0] += 150
    colours = ["red" if row % 2 == 0 else "teal" for row in range(24)]
    specs = [SHAPES | {"first": {"colour": colour, "shape": "star"}} for colour in colours]
    renders = judge.Renders.of([Pictures(pictures, [], specs)])
    assert renders.pixels.shape == (24, judge.SIDE, judge.SIDE, 4)
    first = judge.JudgeTraining(renders, tmp_path, CPU, batch=8)
    losses = [first.step(0.2) for _ in range(10)]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    trained = first.run(minutes=10, max_steps=1)
    second = judge.JudgeTraining(renders, tmp_path, CPU, batch=8)
    assert second.progress.step == 1
    judge.save_judge(trained, tmp_path / "judge.safetensors")
    loaded = judge.load_judge(tmp_path / "judge.safetensors")
    real = data.to_tensor(pictures)
    assert judge.read(loaded, real)["colour"] == judge.read(trained, real)["colour"]
    scores = report.judged(loaded, real, specs)
    assert set(scores) == set(report.NAMES)
    assert scores["style"] == (24, 24)
    assert scores["position"] == (0, 0)


def test_an_attribute_is_used_only_if_renders_are_read_rightly() -> None:
    scores = dict.fromkeys(report.NAMES, (97, 100)) | {"colour": (96, 100), "count": (0, 0)}
    used = judge.usable(scores)
    assert used == set(report.NAMES) - {"colour", "count"}
    drawn = dict.fromkeys(("seen, drawn", "seen, renders", "held out, drawn"), scores)
    lines = report.table(drawn | {"held out, renders": scores}, scores, used)
    assert sum(line.startswith("| style | 0.970 (0.92–0.99, n=100) |") for line in lines) == 1
    assert not any(line.startswith("| colour |") for line in lines)
    assert "colour 0.960" in lines[-1]


def test_few_steps_may_obey_a_little_less_often() -> None:
    def drawn(hits: int) -> dict[str, report.Scores]:
        scores = dict.fromkeys(report.NAMES, (hits, 100))
        return {"seen, drawn": scores, "held out, drawn": scores}

    assert report.fallen_behind(drawn(90), drawn(94), {"style"}) == []
    said = report.fallen_behind(drawn(90), drawn(96), {"style", "count"})
    assert [line.split(":")[0] for line in said] == ["count", "count", "style", "style"]


def test_a_report_tells_of_an_exported_folder_and_of_its_few_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of noise it says that it misses all; the figures come from what was drawn, sizes and all."""
    make_data = pytest.importorskip("musegraph_nodes.starter.scenes.make_data")
    work, folder = tmp_path / "work", tmp_path / "scenes"
    make_data.make_data(tmp_path / "data", 12, 1, 32)
    recipe.recipe_of(work, size=32)
    pictures = data.load_pictures(tmp_path / "data")
    torch.manual_seed(0)
    judge.save_judge(judge.Judge(judge.Classes.of(pictures.specs)), work / "judge.safetensors")
    sizes = text.TextPlan(length=48, merges=300, width=16, inner=32, layers=1, heads=2)
    spoken = [caption for some in pictures.captions for caption in some]
    words = text.train_tokenizer(spoken, tmp_path / "tokenizer", sizes)
    vae = autoencoder.build_autoencoder(
        autoencoder.AutoencoderPlan(channels=(8, 8, 16, 16), groups=4, size=32)
    )
    plan = denoiser.DenoiserPlan(channels=(8, 16), heads=2, groups=4)
    model = denoiser.build_denoiser(plan, sizes, words, 8, 4)
    export.write_folder(folder, vae, model, tmp_path / "tokenizer", "# A card\n")
    np.save(work / "latents.npy", np.zeros((2, 16, 4, 4), np.float16))
    np.save(work / "tokens.npy", np.zeros((2, 1, 48), np.int16))
    np.save(work / "emphasis.npy", np.ones((2, 4, 4), np.float16))
    student = distil.DistilTraining(distil.DistilPlan(rank=4), model, work, CPU)
    student.write(export.few_step_of(folder))
    monkeypatch.setattr(judging, "calibrate", partial(report.calibrate, count=40))
    monkeypatch.setattr(judging, "STEPS", 2)
    monkeypatch.setattr(judging, "FAST_STEPS", 1)
    monkeypatch.setattr(judging, "LARGER", 48)

    short = judging.judge_all(tmp_path / "data", work, 0, "cpu", 2, folder)
    assert "style: the judge reads too few real renders rightly" in short
    said = (work / "report.md").read_text("utf-8")
    assert "At 48 pixels, 2 of each" in said
    assert "With `few_step` (" in said
    sheets = {path.name for path in work.rglob("*.png")}
    assert sheets == {"judged-seen.png", "judged-held-out.png", "nearest.png"}
    assert (work / "at-48" / "judged-seen.png").exists()


def test_the_fixed_prompts_ask_for_what_their_specs_say() -> None:
    scenes = pytest.importorskip("musegraph_nodes.starter.scenes", exc_type=ImportError)
    fixed = prompts.load_prompts()
    assert [prompt.seed for prompt in fixed] == list(range(2 * prompts.EACH))
    assert [prompt.held_out for prompt in fixed] == [False] * 500 + [True] * 500
    assert len({prompt.text for prompt in fixed}) > 980
    for prompt in fixed:
        spec = scenes.from_dict(prompt.spec)
        assert scenes.as_dict(spec) == prompt.spec
        assert scenes.is_held_out(spec) == prompt.held_out


@pytest.mark.parametrize(("relation", "turned"), [("left of", False), ("above", True)])
def test_patches_tell_colour_count_and_relation(relation: str, turned: bool) -> None:
    picture = np.full((96, 96, 3), (236, 230, 214), np.uint8)
    picture[34:60, 14:40], picture[34:60, 56:82] = (216, 48, 44), (46, 98, 214)
    picture = picture.transpose(1, 0, 2) if turned else picture
    pair = SHAPES | {"relation": relation, "second": {"colour": "blue", "shape": "square"}}
    assert segment.measured(picture, pair) == {"colour": True, "relation": True}
    two = SHAPES | {"relation": "count", "count": 2}
    assert segment.measured(picture, two) == {"colour": False, "count": True}
    opposite = pair | {"first": {"colour": "blue", "shape": "x"}, "second": RED}
    assert segment.measured(picture, opposite) == {"colour": True, "relation": False}
    assert segment.measured(picture, SCENE) == {}


def test_a_copied_picture_is_found_and_a_new_one_is_not_called_copied(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (40, 48, 48, 3), np.uint8)
    known = nearest.signatures_of(pixels)
    fresh = data.to_tensor(rng.integers(0, 256, (20, 48, 48, 3), np.uint8))
    copied = data.to_tensor(pixels[:20])
    distances, numbers = nearest.nearest(nearest.signature(copied), known)
    assert numbers.tolist() == list(range(20))
    assert float(distances.max()) < 1e-3
    told = nearest.memorised(copied, fresh, pixels, known, tmp_path / "pairs.png")
    assert "fresh renders: 20 (" in told[0]
    told = nearest.memorised(fresh.flip(-1), fresh, pixels, known, tmp_path / "pairs.png")
    assert "fresh renders: 20 (" not in told[0]
