"""Signatures in the form of minisign: made, verified offline, shown, and held to (P07)."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import making
import pytest
import shell

from musegraph.errors import PackError
from musegraph.installed import entries, read_installed
from musegraph.packs.index import write_index
from musegraph.packs.install import held, install, offer_found
from musegraph.packs.signing import Secret, make_key, read_secret, read_signer, sign, verify
from musegraph.packs.source import find
from musegraph.packs.update import take_back
from musegraph.packs.wheel import Wheel, build, read_wheel

# A key, a signature and a file as minisign 0.11 made them.
THEIRS = "RWQaD/gHeM/qj6+OnqaqEa3ReWHqOEwSGdEjJ4d3GCi/JLDirQTYfdOV"
THEIR_SIGNATURE = """untrusted comment: signature from minisign secret key
RUQaD/gHeM/qj20xvstzxd0XFN5b2Eo8Y1/118kDbhZPe2wd88yzsO5AxhbT3M6RbkUj47SF02BWBVAMrK4EngghQbx8NqlSIwM=
trusted comment: timestamp:1795879929\tfile:a.whl\thashed
lYiEP3SaVr/owoeS8lVRIiKf7TuT6WbwPsGXa9y8Cjs+9xZG5xPbFLTUAJza1jHkrJ3mhN8jeZe/4AhyadanDQ==
"""


def key(folder: Path, name: str = "key") -> Secret:
    make_key(folder / name)
    return read_secret(folder / name, lambda: "")


def signed(folder: Path, secret: Secret, **more: object) -> Wheel:
    project = making.project(folder / "sources", **more)  # type: ignore[arg-type]
    made = read_wheel(build(project, folder / "wheels", None, str(secret.signer)))
    sign(made.place, secret, "the pack loud")
    return made


def agree(place: Path, packs: Path) -> None:
    found = find(str(place), None, place.parent)
    with held(packs) as listed:
        install(offer_found(found, packs, listed), packs, listed)


def test_a_signature_of_minisign_itself_is_verified() -> None:
    said = verify(b"hello", THEIR_SIGNATURE, read_signer(THEIRS), "a.whl")
    assert said == "timestamp:1795879929\tfile:a.whl\thashed"
    with pytest.raises(PackError, match=r"the signature of a.whl does not fit it"):
        verify(b"hellO", THEIR_SIGNATURE, read_signer(THEIRS), "a.whl")


def test_a_changed_byte_of_file_signature_or_comment_is_refused(tmp_path: Path) -> None:
    secret, file = key(tmp_path), tmp_path / "a.whl"
    file.write_bytes(b"data")
    text = sign(file, secret, "what I say").read_text()
    assert verify(b"data", text, secret.signer, "a.whl") == "what I say"
    lines = text.splitlines()
    packed = bytearray(base64.b64decode(lines[1]))
    packed[20] ^= 1
    spoilt = [
        ("Data", text),
        ("data", text.replace("what I say", "what I said")),
        ("data", text.replace(lines[1], base64.b64encode(packed).decode())),
        ("data", text.replace(lines[3], lines[3][:-8] + "AAAAAA==")),
        ("data", "\n".join(lines[:2])),
        ("data", ""),
    ]
    for data, signature in spoilt:
        with pytest.raises(PackError, match=r"does not fit it|none in the form of minisign"):
            verify(data.encode(), signature, secret.signer, "a.whl")
    with pytest.raises(PackError, match="is signed with the key"):
        verify(b"data", text, key(tmp_path, "other").signer, "a.whl")


def test_a_key_is_for_its_owner_and_never_written_over(tmp_path: Path) -> None:
    secret = key(tmp_path)
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert read_signer((tmp_path / "key.pub").read_text()) == secret.signer
    with pytest.raises(PackError, match="a key is never written over"):
        make_key(tmp_path / "key")
    (tmp_path / "key").write_text("untrusted comment: x\nRWQ=\n")
    with pytest.raises(PackError, match="is no secret key of minisign"):
        read_secret(tmp_path / "key", lambda: "")
    with pytest.raises(PackError, match="is no public key of minisign"):
        read_signer("not one")


def test_who_signed_is_shown_before_anybody_is_asked_and_held_to_afterwards(
    tmp_path: Path, packs: Path
) -> None:
    secret = key(tmp_path)
    place = signed(tmp_path, secret).place
    command = ("pack", "install", str(place))
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs), COLUMNS="200")
    assert done.returncode == 2, "nobody is there to be asked"
    assert f"the key {secret.signer.short}, a key that is new here" in done.stderr
    assert "who says of it: the pack loud" in done.stderr
    assert str(secret.signer) in done.stderr
    assert not packs.exists()
    agree(place, packs)
    assert read_installed(packs).packs["loud"].signer == str(secret.signer)

    unsigned = making.wheel(tmp_path / "b", version="2.0.0").place
    with pytest.raises(PackError, match=r"is signed with the key .*, and this one by nobody"):
        agree(unsigned, packs)
    other = signed(tmp_path / "c", key(tmp_path, "other"), version="2.0.0").place
    with pytest.raises(PackError, match=r"and this one with the key .* 'musegraph pack remove"):
        agree(other, packs)
    agree(signed(tmp_path / "d", secret, version="2.0.0").place, packs)
    assert read_installed(packs).packs["loud"].version == "2.0.0"


def test_p07_a_bad_signature_a_revoked_hash_and_a_downgrade_are_refused_offline(
    tmp_path: Path, packs: Path
) -> None:
    secret = key(tmp_path)
    place = signed(tmp_path / "new", secret, version="2.0.0").place
    data = place.read_bytes()
    signature = place.with_name(place.name + ".minisig")
    place.write_bytes(making.wheel(tmp_path / "evil", version="2.0.0").place.read_bytes())
    with pytest.raises(PackError, match="does not say which key signed it"):
        agree(place, packs)
    place.write_bytes(data)
    text = signature.read_text()
    signature.write_text(text.replace("loud", "lout"))
    with pytest.raises(PackError, match="does not fit it"):
        agree(place, packs)
    signature.unlink()
    with pytest.raises(PackError, match=r"its signature .* cannot be read beside it"):
        agree(place, packs)
    signature.write_text(text)

    write_index(place.parent)
    index = place.parent / "index.json"
    with held(packs) as listed:
        found = find("loud", str(index), tmp_path)
        install(offer_found(found, packs, listed), packs, listed)
    content = read_installed(packs).packs["loud"].content
    document = json.loads(index.read_text())
    index.write_text(json.dumps(document | {"revoked": {content: "it deletes files"}}))
    write_index(place.parent)  # what was taken back stays so
    with pytest.raises(PackError, match=r"loud 2.0.0 was taken back: it deletes files"):
        find("loud==2.0.0", str(index), tmp_path)
    (entry,) = entries(packs)
    assert entry.changed() == ""
    with held(packs) as listed:
        assert take_back(packs, listed, ["loud"], None) == ["loud"]
    with pytest.raises(PackError, match=r"it was taken back .* \(it deletes files\)"):
        entry.load()
    with pytest.raises(PackError, match="was taken back"):
        agree(place, packs)

    older = signed(tmp_path / "old", secret, version="1.0.0").place
    for flag, code in (("--yes", 1), ("--older", 0)):
        command = ("pack", "install", str(older), "--yes", flag)
        done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
        assert done.returncode == code, done.stderr
    assert read_installed(packs).packs["loud"].version == "1.0.0"


def test_an_author_makes_a_key_signs_and_somebody_asks_for_that_key(
    tmp_path: Path, packs: Path
) -> None:
    root = making.project(tmp_path).root
    made = json.loads(shell.musegraph(tmp_path, "pack", "key", "k", "--json").stdout)
    done = shell.musegraph(
        tmp_path, "pack", "build", str(root), "--out", "w", "--sign", "k", "--json"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["signer"] == made["public"]
    other = make_key(tmp_path / "other")
    for signer, code in ((str(other), 1), ("k.pub", 0)):
        command = ("pack", "install", told["wheel"], "--yes", "--signer", signer)
        done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
        assert done.returncode == code, done.stderr
    assert (
        "is on"
        in shell.musegraph(tmp_path, "pack", "trust", "loud", MUSEGRAPH_PACKS=str(packs)).stdout
    )
