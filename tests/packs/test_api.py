"""The public interface: packs written for its first version still run, as they did then."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import api
import pytest

from musegraph.packs.check import check
from musegraph.packs.project import Project, read_project
from musegraph.packs.trial import golden_stage, results_of

FIRST = Path(__file__).with_name("first")


def test_nothing_that_packs_were_promised_is_gone_or_called_in_another_way() -> None:
    promised = json.loads(api.PLACE.read_text(encoding="utf-8"))
    assert len(promised) >= 47
    wrong = list(api.broken(promised, api.described()))
    assert not wrong, "\n".join(wrong)


def before(a: int, b: int = 1, *, c: int = 2) -> None:
    """What was promised."""


class Before:
    """What was promised."""

    size = 1

    def look(self, a: int) -> None:
        """Do something."""


def _changed() -> dict[str, Any]:
    def gone(a: int, *, c: int = 2) -> None: ...

    def default(a: int, b: int = 9, *, c: int = 2) -> None: ...

    def order(b: int = 1, a: int = 0, *, c: int = 2) -> None: ...

    def required(a: int, b: int = 1, *, c: int = 2, d: int) -> None: ...

    def between(a: int, n: int = 0, b: int = 1, *, c: int = 2) -> None: ...

    class Smaller:
        size = 1

    class Other:
        size = 1

        def look(self, a: int, b: int) -> None: ...

    return locals()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone", "no longer takes 'b'"),
        ("default", "takes 'b' in another way"),
        ("order", "in another order"),
        ("required", "asks for 'd', which it did not"),
        ("between", "takes 'n' before what it took by place"),
        ("Smaller", "look is gone"),
        ("Other", "look asks for 'b'"),
    ],
)
def test_what_would_break_a_pack_is_noticed(name: str, said: str) -> None:
    old = Before if name[0].isupper() else before
    wrong = list(api.broken({"x": api.describe(old)}, {"x": api.describe(_changed()[name])}))
    assert any(said in one for one in wrong), wrong
    assert list(api.broken({"x": api.describe(old)}, {})) == ["musegraph.x is gone"]


def test_what_is_added_breaks_nothing() -> None:
    def after(a: int, b: int = 1, d: int = 3, *rest: int, c: int = 2, e: int = 4) -> None: ...

    class More(Before):
        def more(self) -> None: ...

    for old, new in ((before, after), (Before, More)):
        now = {"x": api.describe(new), "y": api.describe(new)}
        assert list(api.broken({"x": api.describe(old)}, now)) == []


# -- a pack of the first version ----------------------------------------------------------------


@pytest.fixture(scope="module")
def first() -> Project:
    return read_project(FIRST)


def test_a_pack_written_for_the_first_version_passes_the_check_of_today(first: Project) -> None:
    assert [one for one in check(first).findings if one.level == "error"] == []


def test_a_pack_written_for_the_first_version_gives_what_it_gave_then(first: Project) -> None:
    told = results_of(first, update=False)
    assert told["failed"] == {}
    stage = golden_stage(told["golden"], update=False)
    assert stage.ok, stage.lines
    assert len(told["results"]) >= 17
    tried = {name.partition(" ")[0] for name in told["results"]}
    assert {"first.later", "first.swap", "first.chord", "workflow"} <= tried


def test_what_is_written_down_of_the_interface_is_written_by_a_command(tmp_path: Path) -> None:
    copy = tmp_path / "api.py"
    copy.write_text(Path(api.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(copy)], check=True)
    assert json.loads((tmp_path / "api-1.json").read_text()) == api.described()
