"""Wheels of packs: built without running them, the same each time, looked through when read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import making
import pytest

from musegraph.errors import PackError
from musegraph.packs.project import read_project
from musegraph.packs.source import wheel_from
from musegraph.packs.wheel import build, read_wheel

EVIL = "from pathlib import Path\nPath('ran').write_text('x')\nraise SystemExit('it ran')\n"


def test_a_pack_built_twice_has_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    one = making.project(tmp_path / "here")
    shutil.copytree(one.root, tmp_path / "there" / "loud")
    (tmp_path / "there" / "loud" / "pyproject.toml").touch()
    two = read_project(tmp_path / "there" / "loud")
    nodes = [{"id": "loud.shout"}]
    built = [build(each, tmp_path / str(number), nodes) for number, each in enumerate((one, two))]
    assert built[0].read_bytes() == built[1].read_bytes()
    assert read_wheel(built[0]).content == read_wheel(built[1]).content


ELSEWHERE = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[3], 8))
from musegraph.packs.project import read_project
from musegraph.packs.wheel import build
build(read_project(Path(sys.argv[1])), Path(sys.argv[2]), [{"id": "loud.shout", "z": 1, "a": 2}])
"""


def test_the_same_sources_give_the_same_bytes_in_environments_that_differ(tmp_path: Path) -> None:
    root = making.project(tmp_path / "here").root
    (root / "src" / "musegraph_loud" / "more.py").write_text("A = 'ä'\n", "utf-8")
    ways = (
        ("022", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "LANG": "C"}),
        ("077", {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"}),
    )
    made = []
    for number, (mask, variables) in enumerate(ways):
        there = tmp_path / f"place {number}" / "ripples ö"
        shutil.copytree(root, there)
        for file in there.rglob("*"):
            os.utime(file, (10**9 * (number + 1),) * 2)
            file.chmod(0o755 if file.is_dir() else (0o644, 0o600)[number])
        out = tmp_path / f"out{number}"
        command = [sys.executable, "-c", ELSEWHERE, str(there), str(out), mask]
        known = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(command, env=known | variables, cwd=tmp_path, check=True)
        (wheel,) = out.iterdir()
        made.append(wheel.read_bytes())
    assert made[0] == made[1]


def test_another_byte_or_another_permission_is_another_content(tmp_path: Path) -> None:
    plain = making.wheel(tmp_path / "a").content
    changed = making.wheel(tmp_path / "b", nodes=making.NODES + "# more\n").content
    asks = 'permissions = { gpu = { reason = "r" } }'
    asking = making.wheel(tmp_path / "c", more=asks).content
    assert len({plain, changed, asking}) == 3


def test_manifest_and_schemas_are_read_from_a_wheel_whose_code_cannot_be_imported(
    tmp_path: Path,
) -> None:
    project = making.project(tmp_path, nodes=EVIL)
    made = read_wheel(build(project, tmp_path / "out", [{"id": "loud.shout"}]))
    assert made.manifest.title == {"en": "Loud", "zh": "响亮"}
    assert made.nodes == [{"id": "loud.shout"}]
    assert made.entry == "musegraph_loud:pack"
    assert made.licence == "MIT"
    assert not (project.root / "ran").exists()


@pytest.mark.parametrize(
    "hook",
    [
        '[tool.hatch.build.hooks.custom]\npath = "evil.py"',
        '[tool.hatch.build.targets.wheel.hooks.custom]\npath = "evil.py"',
        '[tool.hatch.metadata.hooks.custom]\npath = "evil.py"',
        '[tool.hatch.build.targets.wheel]\ndependencies = ["evil"]',
    ],
)
def test_what_would_run_while_a_pack_is_built_is_refused(tmp_path: Path, hook: str) -> None:
    project = making.project(tmp_path, more=hook)
    (project.root / "evil.py").write_text(EVIL)
    with pytest.raises(PackError, match=r"tool.hatch has hooks, which would run code"):
        build(project, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("backend", ["setuptools.build_meta", "evil"])
def test_the_build_backend_that_a_project_names_is_never_called(
    tmp_path: Path, backend: str
) -> None:
    project = making.project(tmp_path)
    about = project.root / "pyproject.toml"
    system = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\nbackend-path = ["."]\n'
    about.write_text(system + about.read_text("utf-8"), "utf-8")
    for name in ("setup.py", "evil.py"):
        (project.root / name).write_text(EVIL)
    made = read_wheel(build(read_project(project.root), tmp_path / "out"))
    assert "setup.py" not in made.members
    assert not list(tmp_path.rglob("ran"))


def test_a_zip_of_a_folder_is_a_pack_as_the_folder_is(tmp_path: Path) -> None:
    root = making.project(tmp_path / "sources").root
    place = tmp_path / "loud-main.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for file in root.rglob("*"):
            archive.write(file, Path("loud-main", file.relative_to(root)))
    from_zip = wheel_from(str(place), None, tmp_path / "a")
    assert from_zip.content == wheel_from(str(root), None, tmp_path / "b").content


def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "evil.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("pyproject.toml", "")
        archive.writestr("../out.py", "")
    with pytest.raises(PackError, match=r"no zip that can be read: .* leads out of it"):
        wheel_from(str(place), None, tmp_path / "a")


def test_a_wheel_whose_record_does_not_fit_is_refused(tmp_path: Path) -> None:
    place = making.wheel(tmp_path).place
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("musegraph_loud/more.py", "x = 1\n")
    with pytest.raises(PackError, match=r"its member musegraph_loud/more.py is not as its RECORD"):
        read_wheel(place)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loud.whl", "is not named as a wheel is"),
        ("musegraph_loud-1.0.0-cp27-cp27m-win32.whl", "for another Python or system"),
        ("musegraph_loud-2.0.0-py3-none-any.whl", "says inside that it is musegraph-loud 1.0.0"),
    ],
)
def test_a_wheel_under_a_wrong_name_is_refused(tmp_path: Path, name: str, said: str) -> None:
    place = making.wheel(tmp_path).place.rename(tmp_path / name)
    with pytest.raises(PackError, match=said):
        read_wheel(place)


def test_a_wheel_of_no_pack_says_how_to_build_one(tmp_path: Path) -> None:
    made = read_wheel(making.library(tmp_path, "plain", "1.0"))
    with pytest.raises(PackError, match="have its author build it with 'musegraph pack build'"):
        _ = made.manifest
