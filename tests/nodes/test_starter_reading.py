"""What a denoiser starts with: a text encoder that reads, and where its subjects are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from musegraph_nodes.starter.scenes.make_data import sample
from musegraph_nodes.starter.scenes.spec import ObjectsSpec, SceneSpec, as_dict
from musegraph_nodes.starter.scenes.subjects import extent
from musegraph_nodes.starter.training import text
from musegraph_nodes.starter.training.reading import learn_to_read, told
from musegraph_nodes.starter.training.where import WEIGHT, emphasis


def scenes(count: int) -> list[SceneSpec]:
    found = (sample(3, index)[0] for index in range(10 * count))
    return [spec for spec in found if isinstance(spec, SceneSpec)][:count]


def test_fields_are_numbered_and_what_a_spec_does_not_say_is_left_out() -> None:
    specs = [as_dict(sample(3, index)[0]) for index in range(40)]
    fields = told(specs)
    assert len(fields) == 40
    assert int(fields.min()) == -1
    kinds = [row["kind"] for row in specs]
    same = [bool((fields[a] >= 0).eq(fields[0] >= 0).all()) for a in range(40)]
    assert any(same[1:])
    assert {kind for kind, one in zip(kinds, same, strict=True) if one} == {kinds[0]}


def test_a_text_encoder_learns_to_read_captions(tmp_path: Path) -> None:
    pairs = [sample(3, index) for index in range(64)]
    captions = [captions for _, captions in pairs]
    plan = text.TextPlan(length=48, merges=300, width=32, inner=64, layers=1, heads=2)
    tokenizer = text.train_tokenizer([c for some in captions for c in some], tmp_path, plan)
    tokens = text.encode(tokenizer, [c for some in captions for c in some])
    torch.manual_seed(0)
    encoder = text.build_text_encoder(plan, tokenizer)
    lost = learn_to_read(
        encoder, tokens.view(64, -1, 48), told([as_dict(spec) for spec, _ in pairs]), 120
    )
    assert np.mean(lost[-10:]) < 0.5 * np.mean(lost[:3])


@pytest.mark.parametrize("position", ["left", "center", "right"])
def test_the_subject_counts_more_than_what_is_around_it(position: str) -> None:
    skia = pytest.importorskip("skia")
    assert skia
    from musegraph_nodes.starter.scenes.draw import render

    inside, outside = [], []
    for spec in scenes(12):
        one = replace(spec, style="flat vector", position=position, weather="clear", colour="")
        others = [s for s in scenes(60) if s.scene == one.scene and s.subject != one.subject]
        if not others:
            continue
        here = np.abs(
            render(one, 96).astype(float)
            - render(replace(one, subject=others[0].subject), 96).astype(float)
        ).sum(2)
        counts = emphasis([as_dict(one)], 96)[0].numpy() == WEIGHT
        counts |= emphasis([as_dict(replace(one, subject=others[0].subject))], 96)[0].numpy() > 1
        inside.append(here[counts].mean())
        outside.append(here[~counts].mean())
        left, top, right, bottom = extent(one)
        assert 0 <= left < right <= 128
        assert top < bottom <= 128
    assert len(inside) > 4
    assert sum(inside) > 6 * sum(outside)


@pytest.mark.parametrize("relation", ["single", "count", "left of", "below"])
def test_shapes_count_more_than_the_ground_that_they_lie_on(relation: str) -> None:
    pytest.importorskip("skia")
    from musegraph_nodes.starter.scenes.draw import render

    specs = (sample(3, index)[0] for index in range(400))
    shapes = [s for s in specs if isinstance(s, ObjectsSpec) and s.relation == relation]
    assert len(shapes) > 4
    for spec in shapes[:8]:
        plain = replace(spec, style="flat vector")
        ground = render(plain, 96)[2, 2].astype(float)
        drawn = np.abs(render(plain, 96).astype(float) - ground).sum(2) > 60
        counts = emphasis([as_dict(plain)], 96)[0].numpy() == WEIGHT
        assert drawn[counts].sum() > 0.98 * drawn.sum() > 0
        assert counts.mean() < 0.6
