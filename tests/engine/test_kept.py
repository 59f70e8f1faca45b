"""What nodes keep: weights that they made, and what they left unfinished."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from musegraph import ModelError, Registry, Store
from musegraph.models import Models


def models(tmp_path: Path) -> Models:
    return Models(Registry(), Store(), (tmp_path / "models",), data=tmp_path / "data")


def made(tmp_path: Path, value: float) -> Path:
    file = tmp_path / "made.safetensors"
    save_file({"w": torch.tensor([value])}, file)
    return file


def test_weights_that_a_node_made_are_found_by_their_name(tmp_path: Path) -> None:
    known = models(tmp_path)
    kept = known.keep("trained/dots.safetensors", made(tmp_path, 3.0))
    assert kept.path == (tmp_path / "models/trained/dots.safetensors").resolve()
    assert known.weights("trained/dots.safetensors").digest == kept.digest
    other = known.keep("trained/dots.safetensors", made(tmp_path, 4.0))
    assert other.digest != kept.digest
    assert float(load_file(kept.path)["w"]) == 4.0
    assert [file.name for file in kept.path.parent.iterdir()] == ["dots.safetensors"]


@pytest.mark.parametrize("name", ["../away", "a/../../b", "/tmp/x", "~/x", "", "a//b", "c:\\x"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    known, file = models(tmp_path), made(tmp_path, 1.0)
    with pytest.raises(ModelError, match="is no name for a model"):
        known.keep(name, file)
    with pytest.raises(ModelError, match="is no name for a folder"):
        known.bench(name)


def test_a_folder_that_cannot_be_written_to_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/unfinished").write_text("a file")
    with pytest.raises(ModelError, match=r"cannot be kept in .*make room there"):
        models(tmp_path).keep("net.safetensors", made(tmp_path, 1.0))
    with pytest.raises(ModelError, match="no checkpoint can be kept"):
        models(tmp_path).bench("style")


def test_what_is_unfinished_waits_in_the_data_folder(tmp_path: Path) -> None:
    (models(tmp_path).bench("style-1") / "step").write_text("7")
    assert (models(tmp_path).bench("style-1") / "step").read_text() == "7"
