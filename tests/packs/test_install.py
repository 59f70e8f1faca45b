"""Installing packs: what is shown before, what is there after, and what is there if it fails."""

from __future__ import annotations

import importlib.metadata
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import making
import pytest
import shell
from packaging.requirements import Requirement

from musegraph.errors import PackError
from musegraph.installed import LIST, TREES, Installed, read_installed
from musegraph.pack import load_registry
from musegraph.packs import install as installing
from musegraph.packs.install import held, install, offer, remove
from musegraph.packs.libraries import Asked, Environment
from musegraph.packs.refuse import check_members
from musegraph.packs.resolve import resolve
from musegraph.packs.source import wheel_from
from musegraph.packs.wheel import read_wheel

NUMPY = importlib.metadata.version("numpy")


def look(packs: Path) -> dict[str, bytes]:
    """What an installation consists of, apart from what is remembered of its looks."""
    return {name: data for name, data in making.content(packs).items() if "looks/" not in name}


def opened(packs: Path, *names: str) -> list[str]:
    """What another process makes of installed packs: their nodes, or why there are none."""
    code = (
        "import sys; from musegraph.pack import load_registry\n"
        "registry = load_registry()\n"
        "for name in sys.argv[1:]:\n"
        "    pack = registry.pack(name)\n"
        "    failure = registry.failures.get(name, 'there is none')\n"
        "    print(','.join(pack.types) if pack else failure)\n"
    )
    command = [sys.executable, "-c", code, *names]
    variables = shell.environment(packs.parent, MUSEGRAPH_PACKS=str(packs))
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_pack_that_is_installed_opens_in_another_process_and_leaves_no_trace_when_removed(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path), packs)
    assert opened(packs, "loud") == ["loud.shout"]
    before = look(packs)
    assert opened(packs, "loud") == ["loud.shout"]
    assert look(packs) == before, "opening a pack writes nothing into it"
    with held(packs) as listed:
        assert remove("loud", packs, listed) == ["musegraph-loud 1.0.0"]
    assert not packs.exists()
    assert opened(packs, "loud") == ["there is none"]


def test_nothing_of_a_pack_runs_while_it_is_installed(tmp_path: Path, packs: Path) -> None:
    nodes = f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).touch()\n" + making.NODES
    root = making.project(tmp_path, nodes=nodes).root
    command = ("pack", "install", str(root), "--yes")
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()
    assert opened(packs, "loud") == ["loud.shout"]
    assert (tmp_path / "ran").exists()


def test_before_anything_is_installed_it_is_said_what_it_is_and_asked(
    tmp_path: Path, packs: Path
) -> None:
    asks = (
        'permissions = { network = { hosts = ["example.org:443"], reason = "asks a translator" } }'
    )
    place = making.wheel(tmp_path, more=asks).place
    done = shell.musegraph(
        tmp_path, "pack", "install", str(place), MUSEGRAPH_PACKS=str(packs), COLUMNS="200"
    )
    assert done.returncode == 2
    assert "this would install loud 1.0.0, and nobody can be asked here" in done.stderr
    for told in (
        "musegraph-loud, licence MIT",
        "network (example.org:443): asks a translator",
        "none to be added",
        "sha256:",
        "can do what you can do",
    ):
        assert told in done.stderr
    assert not packs.exists()


def test_a_pack_that_asks_for_more_than_before_says_what_is_new(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path / "a"), packs)
    before = look(packs)
    asks = 'permissions = { subprocess = { reason = "starts ffmpeg" } }'
    place = making.wheel(tmp_path / "b", version="1.1.0", more=asks).place
    done = shell.musegraph(
        tmp_path, "pack", "install", str(place), MUSEGRAPH_PACKS=str(packs), COLUMNS="200"
    )
    assert done.returncode == 2
    assert "1.0.0; asks anew for subprocess" in done.stderr
    assert look(packs) == before, "the old version goes on"
    assert opened(packs, "loud") == ["loud.shout"]


def test_an_older_version_in_the_place_of_a_newer_one_is_refused_unless_it_is_asked_for(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path / "a", version="2.0.0"), packs)
    place = making.wheel(tmp_path / "b", version="1.0.0").place
    command = ("pack", "install", str(place), "--yes")
    before = look(packs)
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 1
    assert "to go back to an older version say --older" in done.stderr
    assert look(packs) == before
    done = shell.musegraph(tmp_path, *command, "--older", MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0
    assert "2.0.0, which is newer" in done.stderr
    assert read_installed(packs).packs["loud"].version == "1.0.0"
    assert len(list((packs / TREES).iterdir())) == 1


def test_a_clash_with_the_environment_names_packages_versions_and_who_asks(
    tmp_path: Path, packs: Path
) -> None:
    made = making.wheel(tmp_path, requires=["musegraph>=0.1", "numpy<2"])
    with pytest.raises(PackError) as told:
        making.agree(made, packs)
    said = str(told.value)
    assert "the pack musegraph-loud 1.0.0 asks for numpy<2" in said
    assert f"numpy {NUMPY} is in the environment" in said
    assert "musegraph 0.1.0 asks for numpy>=2.0" in said
    assert not packs.exists()


def test_all_clashes_are_said_at_once(tmp_path: Path, packs: Path) -> None:
    made = making.wheel(tmp_path, requires=["musegraph>=99", "numpy<2", "pillow>=1"])
    with pytest.raises(PackError) as told:
        making.agree(made, packs)
    assert len(str(told.value).splitlines()) == 2


# -- libraries --------------------------------------------------------------------------------


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip finds libraries."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


USES = making.NODES.replace("from typing", "import tune_lib\nfrom typing").replace(
    "text.upper()", "tune_lib.VERSION + text.upper()"
)


def test_a_library_that_is_missing_is_shown_fetched_and_goes_with_the_last_pack_that_needs_it(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    making.library(wheels, "tune-lib", "1.2", ["beat-lib>=1"])
    making.library(wheels, "beat-lib", "1.0")
    one = making.wheel(tmp_path, "one", requires=["musegraph", "tune-lib>=1"], nodes=USES)
    added = making.agree(one, packs).resolved.added()
    assert sorted(f"{each.name} {each.version}" for each in added) == [
        "beat-lib 1.0",
        "tune-lib 1.2",
    ]
    two = making.wheel(tmp_path, "two", requires=["musegraph", "beat-lib"])
    offered = making.agree(two, packs)
    assert offered.resolved.added() == [], "what one pack brought serves the other"
    assert opened(packs, "one", "two") == ["one.shout", "two.shout"]
    with held(packs) as listed:
        assert sorted(remove("one", packs, listed)) == ["musegraph-one 1.0.0", "tune-lib 1.2"]
    assert opened(packs, "two") == ["two.shout"]
    with held(packs) as listed:
        remove("two", packs, listed)
    assert not packs.exists()


def test_packs_are_resolved_together_and_what_changes_for_another_is_said(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    making.library(wheels, "tune-lib", "1.2")
    making.agree(making.wheel(tmp_path, "one", requires=["musegraph", "tune-lib"]), packs)
    making.library(wheels, "tune-lib", "1.3")
    two = making.wheel(tmp_path, "two", requires=["musegraph", "tune-lib>=1.3"])
    changed = making.agree(two, packs).resolved.changed()
    assert [(before, one.version) for before, one in changed] == [("1.2", "1.3")]
    trees = read_installed(packs)
    assert [tree.version for tree in trees.trees.values() if tree.distribution == "tune-lib"] == [
        "1.3"
    ]
    assert trees.packs["one"].trees[1:] == trees.packs["two"].trees[1:]

    third = making.wheel(tmp_path, "three", requires=["musegraph", "tune-lib<1.3"])
    before = look(packs)
    with pytest.raises(PackError) as told:
        making.agree(third, packs)
    said = str(told.value)
    assert "the pack musegraph-three 1.0.0 asks for tune-lib<1.3" in said
    assert "the pack musegraph-two 1.0.0 asks for tune-lib>=1.3" in said
    assert look(packs) == before


def test_a_pack_may_build_on_another_pack_which_is_never_exchanged_for_it(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path, "one"), packs)
    uses = making.NODES.replace("from typing", "import musegraph_one\nfrom typing", 1)
    two = making.wheel(tmp_path, "two", requires=["musegraph", "musegraph-one>=1"], nodes=uses)
    assert making.agree(two, packs).resolved.added() == []
    assert opened(packs, "two", "one") == ["two.shout", "one.shout"]
    three = making.wheel(tmp_path, "three", requires=["musegraph", "musegraph-one>=2"])
    with pytest.raises(PackError, match=r"asks for musegraph-one>=2, and the pack musegraph-one 1"):
        making.agree(three, packs)
    other = making.wheel(tmp_path / "other", "one", version="2.0.0")
    making.agree(other, packs)
    assert opened(packs, "two", "one") == ["two.shout", "one.shout"]
    older = making.wheel(tmp_path / "older", "one", version="0.9.0")
    with pytest.raises(PackError, match=r"two 1.0.0 asks for musegraph-one>=1, .* would be instal"):
        making.agree(older, packs)
    with held(packs) as listed:
        assert remove("one", packs, listed) == []
    assert opened(packs, "two", "one") == ["two.shout", "there is none"]


def test_a_library_that_nobody_has_is_named_with_who_asks(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    made = making.wheel(tmp_path, requires=["musegraph", "no-such-thing>=1"])
    with pytest.raises(PackError, match=r"musegraph-loud 1.0.0 asks for no-such-thing>=1"):
        making.agree(made, packs)
    assert not packs.exists()


def test_a_library_whose_own_wishes_clash_with_the_environment_is_refused_in_words(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    making.library(wheels, "tune-lib", "1.0", ["numpy<2"])
    made = making.wheel(tmp_path, requires=["musegraph", "tune-lib"])
    with pytest.raises(PackError) as told:
        making.agree(made, packs)
    said = str(told.value)
    assert "the pack musegraph-loud 1.0.0 asks for tune-lib" in said
    assert "tune-lib 1.0 depends on numpy<2" in said
    assert f"numpy=={NUMPY}" in said


def test_a_library_that_comes_only_as_sources_is_not_built(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    with tarfile.open(wheels / "tune-lib-1.0.tar.gz", "w:gz") as archive:
        for name in ("setup.py", "PKG-INFO"):
            text = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
            member = tarfile.TarInfo(f"tune-lib-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    made = making.wheel(tmp_path, requires=["musegraph", "tune-lib"])
    with pytest.raises(PackError, match="the libraries cannot be had: the pack musegraph-loud"):
        making.agree(made, packs)
    assert not (tmp_path / "ran").exists()
    assert not packs.exists()


def test_a_library_by_its_address_is_refused(tmp_path: Path) -> None:
    asked = Asked(Requirement("tune-lib @ git+https://example.org/tune-lib"), "the pack loud 1.0")
    with pytest.raises(PackError, match="may only ask for libraries by name and version"):
        resolve([asked], tmp_path, Installed())


@pytest.mark.parametrize(
    "member",
    ["evil.pth", "a-1.data/purelib/evil.pth", "sitecustomize.py", "usercustomize/__init__.py"],
)
def test_what_python_would_run_at_its_start_is_refused(tmp_path: Path, member: str) -> None:
    wheel = read_wheel(making.library(tmp_path, "a", "1", members={member: "import os\n"}))
    with pytest.raises(PackError, match="which Python would run whenever it starts"):
        check_members(wheel)


def test_what_python_would_run_at_its_start_is_refused_also_in_a_library(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    making.library(wheels, "tune-lib", "1.0", members={"evil.pth": "import os\n"})
    made = making.wheel(tmp_path, requires=["musegraph", "tune-lib"])
    with pytest.raises(PackError, match="which Python would run whenever it starts"):
        making.agree(made, packs)
    assert not packs.exists()


def test_a_failure_at_any_moment_leaves_what_was_there_byte_for_byte(
    tmp_path: Path, packs: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.library(wheels, "tune-lib", "1.2")
    making.agree(making.wheel(tmp_path, "one", requires=["musegraph", "tune-lib"]), packs)
    making.library(wheels, "tune-lib", "1.3")
    two = making.wheel(tmp_path, "two", requires=["musegraph", "tune-lib>=1.3"])
    before = look(packs)
    with held(packs) as listed:
        offered = offer(two, "two", packs, listed)
    fetched = [read_wheel(wheels / "tune_lib-1.3-py3-none-any.whl")]
    for moment in ("fetch", "unpack", "_put", "_trees", "write"):
        with monkeypatch.context() as patched, held(packs) as listed:

            def fail(*_: object, moment: str = moment) -> None:
                raise OSError(28, "No space left on device", moment)

            patched.setattr(installing, "fetch", lambda *_: fetched)
            patched.setattr(installing, moment, fail)
            with pytest.raises(PackError, match=r"nothing was installed: .* \(No space left"):
                install(offered, packs, listed)
        assert look(packs) == before, moment
    assert opened(packs, "one", "two") == ["one.shout", "there is none"]


def test_what_a_killed_installation_left_is_swept_by_the_next_command(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path), packs)
    before = look(packs)
    for left in (packs / ".staging-x" / "a", packs / TREES / "half-1.0-abc" / "a"):
        left.parent.mkdir(parents=True)
        left.write_text("x")
    with held(packs):
        assert look(packs) == before


# -- names ------------------------------------------------------------------------------------


def test_a_namespace_of_a_pack_in_the_environment_is_refused_naming_both(
    tmp_path: Path, packs: Path
) -> None:
    made = making.wheel(tmp_path, "core")
    with pytest.raises(
        PackError, match=r"a pack named 'core' is in the environment .* musegraph 0"
    ):
        making.agree(made, packs)


def test_a_namespace_of_another_distribution_is_refused_naming_both(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path / "a"), packs)
    project = making.project(tmp_path / "b")
    about = project.root / "pyproject.toml"
    about.write_text(about.read_text().replace('name = "musegraph-loud"', 'name = "other-loud"'))
    with held(packs) as listed:
        wheel = wheel_from(str(project.root), None, tmp_path)
        with pytest.raises(PackError, match="installed is musegraph-loud, and this one is other-l"):
            offer(wheel, "b", packs, listed)


def test_a_module_that_would_hide_another_is_refused_naming_both(
    tmp_path: Path, packs: Path
) -> None:
    project = making.project(tmp_path)
    (project.sources / "numpy").mkdir()
    (project.sources / "numpy" / "__init__.py").touch()
    about = project.root / "pyproject.toml"
    more = '[tool.hatch.build.targets.wheel]\npackages = ["src/musegraph_loud", "src/numpy"]\n'
    about.write_text(about.read_text() + more)
    with pytest.raises(PackError, match="brings the module 'numpy', and so does numpy"):
        making.agree(wheel_from(str(project.root), None, tmp_path), packs)


def test_the_environment_is_read_without_the_trees_of_packs(tmp_path: Path, packs: Path) -> None:
    making.agree(making.wheel(tmp_path), packs)
    sys.path.append(str(next((packs / TREES).iterdir())))
    try:
        assert Environment(packs).version("musegraph-loud") is None
        assert Environment(packs).version("numpy") == NUMPY
    finally:
        sys.path.pop()


def test_an_open_pack_is_not_found_a_second_time_in_the_same_process(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path, "again"), packs)
    for _ in range(2):
        registry = load_registry()
        assert registry.get("again.shout") is not None
        assert registry.failures == {}


def test_a_damaged_list_costs_the_installed_packs_and_says_what_to_do(packs: Path) -> None:
    packs.mkdir()
    (packs / LIST).write_text('{"packs": {"x": 1}}')
    registry = load_registry()
    assert registry.get("core.text") is not None
    assert "put a copy of it back" in registry.failures[LIST]


def test_what_is_installed_is_listed_and_described_without_running_it(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path, nodes="raise SystemExit('it ran')\n"), packs)
    variables = {"MUSEGRAPH_PACKS": str(packs)}
    listed = json.loads(shell.musegraph(tmp_path, "pack", "list", "--json", **variables).stdout)
    told = {one["name"]: one for one in listed["packs"]}
    assert told["core"]["from"] == "comes with Musegraph"
    assert told["loud"]["version"] == "1.0.0"
    assert told["loud"]["off"] == ""
    info = json.loads(
        shell.musegraph(tmp_path, "pack", "info", "loud", "--json", **variables).stdout
    )
    assert info["manifest"]["title"]["zh"] == "响亮"
    assert info["content"] == told["loud"]["content"]
    asked = shell.musegraph(tmp_path, "pack", "trust", "loud", **variables)
    assert "loud is on" in asked.stdout
    file = next((packs / TREES).rglob("__init__.py"))
    file.write_text("# changed\n")
    asked = shell.musegraph(tmp_path, "pack", "trust", "loud", COLUMNS="300", **variables)
    assert asked.returncode == 2
    assert "it has changed: musegraph_loud/__init__.py is different" in asked.stderr
    assert "nobody can be asked here; say --yes" in asked.stderr
    listed = json.loads(shell.musegraph(tmp_path, "pack", "list", "--json", **variables).stdout)
    assert (
        "__init__.py is different" in {one["name"]: one for one in listed["packs"]}["loud"]["off"]
    )
    gone = shell.musegraph(tmp_path, "pack", "remove", "quiet", "--yes", **variables)
    assert gone.returncode == 1
    assert "no pack 'quiet' was installed" in gone.stderr
    assert "installed: loud" in gone.stderr


def test_the_server_has_no_way_to_install_or_change_a_pack() -> None:
    described = json.loads((shell.ROOT / "engine/musegraph/server/openapi.json").read_text())
    routes = {path: set(methods) for path, methods in described["paths"].items()}
    assert not {path for path in routes if "pack" in path and routes[path] != {"get"}}
    imported = "import sys, musegraph.server.app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", imported], capture_output=True, text=True, check=True
    )
    assert "musegraph.server.app" in done.stdout.split()
    assert "musegraph.packs" not in done.stdout.split(), "nor the code that could"


def test_running_a_workflow_imports_nothing_of_what_installs_packs(
    tmp_path: Path, packs: Path
) -> None:
    making.agree(making.wheel(tmp_path), packs)
    code = (
        "import sys, musegraph\n"
        "nodes = {'a': {'type': 'loud.shout', 'values': {'text': 'hey', 'times': 2}}}\n"
        "found = musegraph.run({'musegraph': 1, 'nodes': nodes}, cache=sys.argv[1])\n"
        "print(found['a.out'], 'musegraph.packs' in sys.modules, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "cache")],
        env=shell.environment(tmp_path, MUSEGRAPH_PACKS=str(packs)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["HEY!!", "False", "False"]
