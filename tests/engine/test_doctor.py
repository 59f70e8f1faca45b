"""The doctor: every known fault is found, named and given a remedy."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shell import environment, musegraph

from musegraph.health import Facts, Finding, findings
from musegraph.health.facts import (
    DEFAULT,
    Library,
    ModelFolder,
    Place,
    Probe,
    _cache,
    _libraries,
    _model_folder,
    probe,
)
from musegraph.health.probe import DEVICE
from musegraph.store.disk import Disk

SOUND = Facts(
    python=(3, 11, 7),
    executable="/venv/bin/python",
    system="linux",
    platform="Linux",
    asked_device="",
    driver=False,
    libraries={
        "musegraph": Library("0.1.0", ("torch<3,>=2.6", "numpy>=2.0", 'x>1; python_version<"3"')),
        "torch": Library("2.13.0+cpu"),
        "numpy": Library("2.4.6"),
    },
    probe=Probe(device="cpu"),
    cache=Place("/home/me/.cache/musegraph", free=90 << 30, bytes=1 << 30),
    models=(ModelFolder("/home/me/.local/share/musegraph/models", DEFAULT),),
    packs={"core": 33},
    failures={},
    here=Place("/home/me/art", free=90 << 30),
)


def facts(**changes: Any) -> Facts:
    return replace(SOUND, **changes)


def with_library(name: str, version: str, *requires: str, **changes: Any) -> Facts:
    return facts(libraries=SOUND.libraries | {name: Library(version, requires)}, **changes)


def wrong(of: Facts) -> list[Finding]:
    return [finding for finding in findings(of) if finding.level != "ok"]


def only(of: Facts) -> Finding:
    (finding,) = wrong(of)
    assert finding.remedy, "whatever is not well has a remedy"
    return finding


def test_a_sound_installation_has_nothing_but_good_findings() -> None:
    assert wrong(SOUND) == []
    topics = [finding.topic for finding in findings(SOUND)]
    assert topics == ["python", "libraries", "device", "cache", "models", "packs", "folder"]


def test_an_old_python_is_refused() -> None:
    found = only(facts(python=(3, 10, 2)))
    assert (found.topic, found.level) == ("python", "fail")


def test_a_library_that_is_missing_or_too_old_or_too_new_comes_with_the_command_to_type() -> None:
    missing = {name: lib for name, lib in SOUND.libraries.items() if name != "numpy"}
    assert only(facts(libraries=missing)).remedy == "pip install 'numpy>=2.0'"
    assert "1.26.4 is installed, >=2.0 is needed" in only(with_library("numpy", "1.26.4")).text
    assert only(with_library("torch", "3.0.1+cpu")).level == "fail"
    assert wrong(with_library("torch", "2.14.0a0+cpu")) == []


@pytest.mark.parametrize("name", ["torchvision", "torchaudio"])
@pytest.mark.parametrize("version", ["0.28.0", "0.28.0+cu130"])
def test_a_cuda_companion_beside_a_cpu_torch_is_found(name: str, version: str) -> None:
    found = only(with_library(name, version, "torch==2.13.0"))
    assert (found.topic, found.level) == (name, "fail")
    assert "it is built for CUDA, torch for the CPU" in found.text
    assert f"pip uninstall {name}" in found.remedy


def test_companions_of_the_same_build_are_fine() -> None:
    assert wrong(with_library("torchvision", "0.28.0+cpu", "torch==2.13.0")) == []
    for torch, other in (
        ("2.13.0", "0.28.0"),
        ("2.13.0+cu130", "0.28.0"),
        ("2.13.0+cu130", "0.28.0+cu130"),
    ):
        both = SOUND.libraries | {"torch": Library(torch), "torchvision": Library(other)}
        assert wrong(facts(libraries=both)) == []
    mac = SOUND.libraries | {"torch": Library("2.13.0"), "torchvision": Library("0.28.0")}
    assert wrong(facts(libraries=mac, system="darwin", driver=True)) == []


def test_companions_of_other_cuda_builds_or_other_torch_versions_are_found() -> None:
    both = SOUND.libraries | {
        "torch": Library("2.13.0+cu130"),
        "torchvision": Library("0.28.0+cu126"),
    }
    assert "cu130 and cu126" in only(facts(libraries=both)).text
    both["torch"] = Library("2.13.0+rocm7.0")
    both["torchvision"] = Library("0.28.0")
    assert "it is built for CUDA, torch for ROCm" in only(facts(libraries=both)).text
    found = only(with_library("torchvision", "0.25.0+cpu", "torch==2.10.0"))
    assert "built for torch ==2.10.0" in found.text


def test_a_torch_that_cannot_be_imported_is_found_with_its_reason() -> None:
    broken = Probe({"torch": "OSError: libcudart.so.13: cannot open shared object file"})
    found = only(facts(probe=broken))
    assert (found.topic, found.level) == ("torch", "fail")
    assert "libcudart" in found.text
    assert "--force-reinstall torch" in found.remedy


def test_a_device_that_is_no_device_is_found() -> None:
    found = only(facts(asked_device="gpu", probe=Probe({DEVICE: "MusegraphError: no"})))
    assert "MUSEGRAPH_DEVICE is 'gpu'" in found.text
    assert "cpu, cuda, mps" in found.remedy


def test_a_device_that_cannot_compute_is_found() -> None:
    no_kernel = Probe({DEVICE: "RuntimeError: no kernel image is available"}, "cuda", cuda=True)
    cuda = SOUND.libraries | {"torch": Library("2.13.0")}
    found = only(facts(probe=no_kernel, libraries=cuda, driver=True))
    assert found.text.startswith("cuda cannot compute: RuntimeError: no kernel image")
    assert "MUSEGRAPH_DEVICE=cpu" in found.remedy
    cpu_build = only(facts(probe=no_kernel, asked_device="cuda"))
    assert "the build for CPUs" in cpu_build.text


def test_a_gpu_that_goes_unused_is_a_warning_unless_the_cpu_was_asked_for() -> None:
    found = only(facts(driver=True))
    assert found.level == "warn"
    assert "build for CPUs" in found.text
    cuda = SOUND.libraries | {"torch": Library("2.13.0")}
    assert "cannot use it" in only(facts(driver=True, libraries=cuda)).text
    assert wrong(facts(driver=True, asked_device="cpu")) == []


def test_a_gpu_in_use_is_named() -> None:
    gpu = Probe(device="cuda", name="A GPU", memory=80 << 30, cuda=True)
    cuda = SOUND.libraries | {"torch": Library("2.13.0")}
    sound = facts(probe=gpu, driver=True, libraries=cuda)
    assert wrong(sound) == []
    assert "cuda: A GPU, 80 GiB" in [finding.text for finding in findings(sound)]


def test_a_cache_that_cannot_be_written_or_has_little_room_is_found() -> None:
    full = only(facts(cache=Place("/cache", free=1 << 20)))
    assert (full.level, "cache clear" in full.remedy) == ("warn", True)
    shut = only(facts(cache=Place("/cache", problem="Permission denied", free=9 << 30)))
    assert (shut.level, shut.text) == ("fail", "/cache: Permission denied")
    assert "MUSEGRAPH_CACHE" in shut.remedy


def test_a_damaged_index_is_found_with_the_remedy_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"no database at all" * 99)
    found = only(facts(cache=_cache(tmp_path)))
    assert "index is damaged" in found.text
    assert found.remedy.startswith("move")


def test_looking_at_a_cache_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    place = _cache(tmp_path / "a" / "b")
    assert (place.exists, place.problem) == (False, "")
    assert list(tmp_path.iterdir()) == []


def test_the_size_of_the_cache_is_that_of_its_objects(tmp_path: Path) -> None:
    from musegraph.values.canonical import digest_of_buffers

    disk = Disk(tmp_path)
    disk.put([b"12345"], digest_of_buffers([b"12345"]), 1.0, 0)
    disk.close()
    assert _cache(tmp_path).bytes == 5


def test_folders_of_models_that_are_missing_and_damaged_weights_are_warnings() -> None:
    missing = ModelFolder("/no", "MUSEGRAPH_MODELS", problem="No such file or directory")
    damaged = ModelFolder("/m", "--models", 3, damaged=("/m/a.safetensors is cut off",))
    found = wrong(facts(models=(missing, damaged)))
    assert [finding.level for finding in found] == ["warn", "warn"]
    assert "/no (MUSEGRAPH_MODELS): No such file" in found[0].text
    assert "/m/a.safetensors is cut off" in found[1].text


def test_the_folder_that_fetched_models_go_to_need_not_exist(tmp_path: Path) -> None:
    folder = _model_folder(tmp_path / "none", DEFAULT)
    assert (folder.problem, folder.entries) == ("", 0)
    assert _model_folder(tmp_path / "none", "MUSEGRAPH_MODELS").problem


def test_a_pack_that_does_not_open_is_a_failure_and_so_is_having_none() -> None:
    found = only(facts(failures={"mine": "ImportError: no"}))
    assert (found.level, "'mine'" in found.text) == ("fail", True)
    assert only(facts(packs={})).topic == "packs"


def test_a_current_folder_that_cannot_be_written_is_a_warning() -> None:
    assert only(facts(here=Place("/", problem="Read-only file system"))).level == "warn"


def test_versions_are_read_from_metadata_without_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "torchvision-0.28.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n"
        "Requires-Dist: torch==2.13.0\nRequires-Dist: gdown; extra == 'gdown'\n"
    )
    (tmp_path / "torchvision.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    found = _libraries()
    assert found["torchvision"] == Library("0.28.0", ("torch==2.13.0",))
    assert "torchvision" not in sys.modules


def test_a_torch_that_crashes_ends_the_probe_and_not_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "import os\nprint('hello')\nprint('{\"odd\": 1}', flush=True)\nos.abort()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = probe()
    assert found.failed == {"torch": "Python crashed (signal 6)"}
    assert only(facts(probe=found)).topic == "torch"


def test_the_doctor_reports_as_text_and_as_json_and_fails_when_something_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text("import there_is_no_such_thing\n")
    done = musegraph(tmp_path, "doctor", "--packs", "mine.py", "--json", "--models", "none")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert said["ok"] is False
    levels = {finding["topic"]: finding["level"] for finding in said["findings"]}
    assert levels["python"] == levels["libraries"] == levels["cache"] == levels["folder"] == "ok"
    failed = [finding for finding in said["findings"] if finding["level"] == "fail"]
    assert [finding["topic"] for finding in failed] == ["packs"]
    assert "there_is_no_such_thing" in failed[0]["text"]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("library", ["pydantic", "blake3"])
def test_a_library_without_which_the_engine_does_not_start_is_named(
    tmp_path: Path, library: str
) -> None:
    (tmp_path / f"{library}.py").write_text(f"raise ImportError('broken', name='{library}')\n")
    path = os.pathsep.join((str(tmp_path), environment(tmp_path)["PYTHONPATH"]))
    done = musegraph(tmp_path, "doctor", PYTHONPATH=path)
    assert done.returncode == 1
    assert "a library that Musegraph needs cannot be imported: broken" in done.stderr
    assert f"pip install --force-reinstall {library}" in done.stderr


def test_what_isolated_packs_are_kept_from_is_said_and_what_not_with_a_remedy() -> None:
    every = {"files": "Landlock 7", "network": "seccomp", "programs": "x", "processes": "x"}
    assert wrong(facts(isolation=every)) == []
    (found,) = wrong(facts(isolation={"files": "Landlock 1"}))
    assert "could reach the network, start programs, reach into other processes" in found.text
    assert "--trusted" in found.remedy
    (found,) = wrong(facts(isolation={}))
    assert "reach your files" in found.text
