"""Wheels and lists that somebody has tampered with: refused in words, whatever stands in them."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import making
import pytest

from musegraph.errors import PackError
from musegraph.installed import LIST, Installed, read_installed
from musegraph.packs.install import offer
from musegraph.packs.wheel import read_wheel

ASKS = 'permissions = { gpu = { reason = "r" } }'


def look_through(place: Path, packs: Path) -> bool:
    """Read all that is shown before somebody agrees; whether it was taken for a pack."""
    try:
        wheel = read_wheel(place)
        offer(wheel, "here", packs, Installed())
        list(wheel.manifest.permissions.lines())
        assert isinstance(wheel.licence + wheel.summary + wheel.content, str)
    except PackError:
        return False
    return True


def spoilt(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made[: chance.randrange(len(made))] if chance.random() < 0.2 else made)


def test_a_wheel_with_spoilt_bytes_is_refused_in_words(tmp_path: Path, packs: Path) -> None:
    place = making.wheel(tmp_path, more=ASKS).place
    data, chance = place.read_bytes(), random.Random(1)
    assert look_through(place, packs)
    taken = 0
    for _ in range(150):
        place.write_bytes(spoilt(data, chance))
        taken += look_through(place, packs)
    assert taken < 30, "only what changes nothing that counts, such as dates, is taken"


def test_a_wheel_with_odd_metadata_is_refused_in_words_though_its_digests_fit(
    tmp_path: Path, packs: Path
) -> None:
    made = making.wheel(tmp_path, more=ASKS)
    chance, place = random.Random(2), tmp_path / "odd" / made.place.name
    place.parent.mkdir()
    refused = 0
    for _ in range(150):
        members = {n: d for n, d in made.members.items() if not n.endswith("/RECORD")}
        name = chance.choice([one for one in members if ".dist-info/" in one])
        members[name] = spoilt(members[name], chance)
        rows = [f"{n},sha256={making.digest(d)},{len(d)}" for n, d in members.items()]
        with zipfile.ZipFile(place, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
            archive.writestr(f"{made.info}/RECORD", "\n".join(rows))
        refused += not look_through(place, packs)
    assert refused > 50


def test_a_spoilt_list_of_packs_is_refused_in_words(tmp_path: Path, packs: Path) -> None:
    making.agree(making.wheel(tmp_path), packs)
    place, chance = packs / LIST, random.Random(3)
    data, refused = place.read_bytes(), 0
    for _ in range(150):
        place.write_bytes(spoilt(data, chance))
        try:
            read_installed(packs)
        except PackError:
            refused += 1
    assert refused > 50


def test_a_list_cannot_lead_out_of_the_folder_of_packs(tmp_path: Path, packs: Path) -> None:
    making.agree(making.wheel(tmp_path), packs)
    place = packs / LIST
    text = place.read_text()
    (name,) = read_installed(packs).trees
    for other in ("../../evil", "/evil", ".", ".."):
        place.write_text(text.replace(name, other))
        with pytest.raises(PackError, match=r"is damaged .* put a copy of it back"):
            read_installed(packs)
