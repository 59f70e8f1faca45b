"""Libraries of packs that are not what was agreed to (P04; others stand in ``test_install.py``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import making
import pytest

from musegraph.errors import PackError
from musegraph.packs import pip
from musegraph.packs.install import held, install, offer


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "libraries"
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    return place


def test_p04_a_library_that_is_exchanged_after_it_was_shown_is_refused_and_nothing_changes(
    tmp_path: Path, packs: Path, wheels: Path
) -> None:
    making.library(wheels, "tune-lib", "1.0")
    making.agree(making.wheel(tmp_path / "a", "quiet"), packs)
    before = making.content(packs)
    made = making.wheel(tmp_path, requires=["musegraph", "tune-lib"])
    with held(packs) as listed:
        offered = offer(made, "here", packs, listed)
        assert [one.sha256 for one in offered.resolved.added()] != [""]
        members = {"tune_lib.py": "import os\nos.system('touch owned')\n"}
        making.library(wheels, "tune-lib", "1.0", members=members)
        with pytest.raises(PackError, match="nothing was installed: the libraries cannot be"):
            install(offered, packs, listed)
    assert making.content(packs) == before


def test_p04_a_library_for_which_an_index_gives_no_digest_is_refused() -> None:
    one: dict[str, Any] = {
        "metadata": {"name": "tune-lib", "version": "1.0"},
        "download_info": {"url": "https://example.org/tune_lib-1.0-py3-none-any.whl"},
    }
    with pytest.raises(PackError, match=r"tune-lib 1.0 comes without a digest from https://"):
        pip._library(one)
