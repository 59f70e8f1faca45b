"""Asking the hub what a repository holds. ``huggingface_hub`` is imported here and in fetch.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import CRITICAL
from typing import TYPE_CHECKING, Any

from musegraph.errors import HubError, MusegraphError
from musegraph.hub.choose import RemoteFile
from musegraph.hub.names import COMMIT, Wanted
from musegraph.hub.trouble import shown

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

CHUNK = 1 << 20
"""Bytes that the library hands over at a time; as much is lost when a connection is cut."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What the hub says of a repository at one commit."""

    wanted: Wanted
    commit: str
    endpoint: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    licence_link: str = ""
    gated: str = ""

    @property
    def page(self) -> str:
        return f"{self.endpoint}/{self.wanted.repo}"

    def url(self, path: str) -> str:
        """Where a file is to be had, at this commit and no other."""
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.wanted.repo, path, revision=self.commit, endpoint=self.endpoint)


def endpoint() -> str:
    """Where the hub is: ``HF_ENDPOINT``, else what the library says."""
    from huggingface_hub import constants

    named = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT or "https://huggingface.co"
    return named.rstrip("/")


def ask(wanted: Wanted) -> Repository:
    """The facts of a repository, its revision resolved to a commit once and for all.

    :class:`HubError` says why there are none: no network, no such repository, no permission.
    """
    with talking(wanted):
        from huggingface_hub import HfApi

        api = HfApi(endpoint=endpoint(), library_name="musegraph")
        info = api.model_info(
            wanted.repo, revision=wanted.revision or None, files_metadata=True, timeout=30
        )
        found = _repository(wanted, info, api.endpoint)
        if found.gated and found.files:
            largest = max(found.files, key=lambda file: file.size)
            api.get_hf_file_metadata(url=found.url(largest.path))
        return found


def _repository(wanted: Wanted, info: ModelInfo, where: str) -> Repository:
    commit = str(info.sha or "")
    if not COMMIT.fullmatch(commit):
        raise HubError(f"the hub names no commit for {wanted}, so it cannot be pinned")
    files = []
    for found in info.siblings or ():
        if not isinstance(found.size, int) or found.size < 0:
            raise HubError(f"the hub does not say how large {found.rfilename!r} of {wanted} is")
        if not (found.lfs or found.blob_id):
            raise HubError(f"the hub gives no checksum of {found.rfilename!r} of {wanted}")
        sha256 = str(found.lfs["sha256"]) if found.lfs else ""
        size = int(found.lfs["size"]) if found.lfs else found.size
        files.append(RemoteFile(found.rfilename, size, sha256, found.blob_id or ""))
    card: dict[str, Any] = info.card_data.to_dict() if info.card_data else {}
    named = _text(card.get("license_name")) or _text(card.get("license"))
    link = _text(card.get("license_link"))
    if link and "://" not in link:
        link = f"{where}/{wanted.repo}/blob/{commit}/{link}"
    return Repository(
        wanted,
        commit,
        where,
        tuple(files),
        named,
        link,
        str(info.gated or ""),
    )


def _text(value: Any) -> str:
    """A member of a model card, which anybody may have written, as one short line."""
    parts = value if isinstance(value, list) else [value]
    line = " ".join(", ".join(str(part) for part in parts if part).split())
    return shown(line)[:200]


@contextmanager
def talking(wanted: Wanted, kept: str = "") -> Iterator[None]:
    """Keep the library quiet, and make a sentence of whatever it raises.

    ``kept`` is what to say of the bytes that are there already.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
        logging,
    )

    verbosity, chunk = logging.get_verbosity(), constants.DOWNLOAD_CHUNK_SIZE
    bars = not are_progress_bars_disabled()
    try:
        disable_progress_bars()
        logging.set_verbosity(CRITICAL)
        constants.DOWNLOAD_CHUNK_SIZE = CHUNK
        yield
    except MusegraphError:
        raise
    except Exception as error:  # the library, and those below it, raise all kinds
        raise HubError(_said(error, wanted) + kept) from error
    finally:
        logging.set_verbosity(verbosity)
        constants.DOWNLOAD_CHUNK_SIZE = chunk
        if bars:
            enable_progress_bars()


def _said(error: Exception, wanted: Wanted) -> str:
    from huggingface_hub import errors

    where = endpoint()
    page = f"{where}/{wanted.repo}"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "the hub is not asked while HF_HUB_OFFLINE is set; unset it to add a model"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{wanted.repo} is given only to those who have accepted its terms: accept them at"
            f" {page}, then put a token of your account ({where}/settings/tokens) into the"
            " variable HF_TOKEN and give the command again"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"the hub knows no model {wanted.repo}, or it is private: look at {page}; for a"
            " private one put a token of your account into the variable HF_TOKEN"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{wanted.repo} has no revision {wanted.revision!r}; see {page}/commits/main"
    if isinstance(error, errors.HfHubHTTPError):
        return _status(error.response.status_code, where)
    why = _text(str(error)) or type(error).__name__
    if why.startswith("Consistency check failed"):  # a file that ends too early
        return f"the hub at {where} has sent less than it promised; give the command again"
    return f"the hub at {where} cannot be reached ({why}); try again when the network is back"


def _status(code: int, where: str) -> str:
    if code in (401, 403):
        return (
            f"the hub at {where} refuses this ({code}): the token in HF_TOKEN is wrong, or does"
            f" not allow it; see {where}/settings/tokens"
        )
    if code == 429:
        return f"the hub at {where} is asked too often now; wait a while and try again"
    return f"the hub at {where} answers with the error {code}; try again later"
