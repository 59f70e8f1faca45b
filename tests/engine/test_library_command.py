"""The command ``models``: what is in the user's folders, shown, found, filtered and explained."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from test_library_kinds import installation
from weights import LORA, SD1, weights

from musegraph.cli import main
from musegraph.cli.models import KIND_NAMES
from musegraph.library.kinds import Kind

Command = Callable[..., tuple[int, str, str]]
FEW_STEP = "starter/few_step/model.safetensors"


@pytest.fixture
def models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    for name in list(os.environ):
        if name.startswith(("MUSEGRAPH_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(["models", *arguments])
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return command


def listed(models: Command, *arguments: str) -> dict[str, dict[str, Any]]:
    code, out, _ = models(*arguments, "--json")
    assert code == 0
    return {one["name"]: one for one in json.loads(out)["models"]}


def test_a_folder_that_was_added_is_looked_through_from_then_on(
    models: Command, tmp_path: Path
) -> None:
    place = installation(tmp_path / "ComfyUI") / "models"
    code, out, _ = models("folder", "add", "ComfyUI")
    assert code == 0
    assert f"{place} is looked through for models now: 18 in it" in out
    assert "was added already" in models("folder", "add", "ComfyUI")[1]
    every = listed(models)
    assert every["loras/style/d.safetensors"]["kind"] == "lora"
    folders = json.loads(models("folder", "--json")[1])["folders"]
    assert [(one["folder"], one["by"]) for one in folders][-1] == (str(place), "added")
    assert models("folder", "list")[1].count("\n") == 2
    assert models("folder", "remove", "ComfyUI")[0] == 0
    assert "loras/style/d.safetensors" not in listed(models)
    assert (place / "loras" / "style" / "d.safetensors").is_file(), "its files stay"
    assert models("folder", "remove", "ComfyUI")[0] == 2
    assert models("folder", "add", "nowhere")[0] == 2


def test_the_command_line_and_the_canvas_know_every_kind() -> None:
    kinds = {*get_args(Kind)}
    assert KIND_NAMES.keys() == kinds
    for language in ("en", "zh-CN"):
        texts = Path(__file__).parents[2] / "web_ui" / "src" / "i18n" / language / "fields.json"
        assert json.loads(texts.read_text("utf-8"))["model"]["kind"].keys() == kinds


def test_the_list_is_narrowed_by_kind_and_family(models: Command, tmp_path: Path) -> None:
    weights(tmp_path / "m" / "whole.safetensors", SD1)
    weights(tmp_path / "m" / "ink.safetensors", LORA)
    folder = ("--models", "m")
    assert listed(models, *folder, "--kind", "lora").keys() == {"ink.safetensors", FEW_STEP}
    for family in ("sd1", "Stable Diffusion 1"):
        found = listed(models, "list", *folder, "--family", family)
        assert found.keys() == {"ink.safetensors", "whole.safetensors"}
    assert listed(models, *folder, "--kind", "lora", "--family", "sdxl") == {}
    out = models(*folder, "--kind", "lora")[1]
    assert "ink.safetensors" in out
    assert "others are left out" in out
    assert models("--kind", "nonsense")[0] == 2


def test_show_says_all_that_is_known_of_a_model_also_by_its_old_name(
    models: Command, tmp_path: Path
) -> None:
    file = weights(tmp_path / "m" / "loras" / "ink.safetensors", LORA, **{"modelspec.title": "Ink"})
    weights(tmp_path / "m" / "copy.safetensors", LORA, **{"modelspec.title": "Ink"})
    models("--models", "m")
    file.rename(file.with_name("new.safetensors"))
    code, out, _ = models("show", "loras/new.safetensors", "--models", "m")
    assert code == 0
    words = {line.split()[0]: line for line in out.splitlines() if line.startswith(" ") or line}
    assert out.startswith("loras/new.safetensors")
    assert "Stable Diffusion 1" in words["family"]
    assert "Ink" in words["title"]
    assert "loras/ink.safetensors" in words["was"]
    assert "copy.safetensors" in words["also"]
    shown = json.loads(models("show", "copy.safetensors", "--models", "m", "--json")[1])
    assert (shown["precision"], shown["parameters"]) == ("float16", 4 * 768 + 320 * 4)
    (tmp_path / "m" / "copy.safetensors").unlink()
    old = models("show", "loras/ink.safetensors", "--models", "m")[1]
    assert old.splitlines()[0] == "loras/new.safetensors"
    code, _, err = models("show", "new.safetensors", "--models", "m")
    assert code == 2
    assert "did you mean loras/new.safetensors?" in err


def test_scan_names_what_is_damaged_double_and_to_be_converted(
    models: Command, tmp_path: Path
) -> None:
    file = weights(tmp_path / "m" / "half.safetensors", SD1)
    os.truncate(file, file.stat().st_size - 9)
    for name in ("a", "b"):
        weights(tmp_path / "m" / f"{name}.safetensors", LORA)
    (tmp_path / "m" / "old.ckpt").write_bytes(b"\x80\x04")
    code, out, _ = models("scan", "--models", "m")
    assert code == 0
    assert "13 models in" in out, "with the nine starter models"
    assert "half.safetensors is cut off: it holds" in out
    assert "a.safetensors and b.safetensors are the same model" in out
    assert "musegraph models convert old.ckpt" in out
    said = json.loads(models("scan", "--models", "m", "--json")[1])
    assert [one["name"] for one in said["wrong"]] == ["half.safetensors"]
    assert said["doubles"] == [["a.safetensors", "b.safetensors"]]
    assert said["pickles"] == ["old.ckpt"]


def test_a_list_of_folders_that_is_damaged_is_said_with_what_to_do(
    models: Command, tmp_path: Path
) -> None:
    models("folder", "add", str(tmp_path))
    (tmp_path / "home" / ".local" / "share" / "musegraph" / "folders.json").write_text("[")
    code, _, err = models("list")
    assert code == 5
    assert "delete it, and add your folders again" in err
