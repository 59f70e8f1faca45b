"""A folder of models: what was fetched into it, what is on its way, what can be taken out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from musegraph.errors import MusegraphError, StoreError
from musegraph.hub.ask import Repository
from musegraph.hub.fetch import Tell, fetch, part_of
from musegraph.hub.record import Kept, Record
from musegraph.hub.trouble import amount, unwritable

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: there two at once are not noticed
    fcntl = None  # type: ignore[assignment]

_SAYS_WHAT_IT_IS = ("model_index.json", "config.json", "adapter_config.json")


@dataclass(frozen=True, slots=True)
class Removed:
    """What taking a model out has freed, and what of it was not fetched and therefore stays."""

    bytes: int
    left: tuple[Path, ...] = ()


class Shelf:
    """A folder of models. What is known of them lies in its ``.musegraph``, apart from them all.

    A model is put together in ``.musegraph/adding`` and appears in its place as a whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own = folder / ".musegraph"

    def place(self, name: str) -> Path:
        return self.folder / name

    def record(self, name: str) -> Record | None:
        found = Record.read(self._record(name))
        return found if found is not None and found.name == name else None

    def records(self) -> dict[str, Record]:
        """Everything that was fetched into this folder, by name."""
        files = sorted((self._own / "records").rglob("*.json"))
        found = (record for file in files if (record := Record.read(file)))
        return {record.name: record for record in found}

    def unfinished(self) -> dict[str, tuple[Record, int]]:
        """What was begun and not finished, with the bytes that are there."""
        files = sorted((self._own / "adding").glob("*/record.json"))
        found = (record for file in files if (record := Record.read(file)))
        return {record.name: (record, self.there(record)) for record in found}

    def there(self, record: Record) -> int:
        """Bytes that a fetch of this record would find here already: begun, or in its place."""
        before = Record.read(self._adding(record.name) / "record.json")
        same = set(before.files) & set(record.files) if before else set()
        content = self._adding(record.name) / "content"
        begun = {kept: size for kept in same if (size := _size(content / kept.path))}
        here = {kept: kept.size for kept in self._same_here(record)}
        return sum((here | begun).values())

    def _same_here(self, record: Record) -> dict[Kept, Path]:
        """Files that the model in its place has already, judged by its record and their sizes."""
        known = self.record(record.name)
        if known is None:
            return {}
        place = self.place(known.name)
        old = {kept.path: (kept, known.file(place, kept)) for kept in known.files}
        found = {}
        for kept in record.files:
            before, file = old.get(kept.path, (None, place))
            same = before and (before.size, before.blob) == (kept.size, kept.blob)
            if same and file.is_file() and file.stat().st_size == kept.size:
                found[kept] = file
        return found

    def free(self) -> int:
        """Bytes free where the models are, or will be."""
        nearest = self.folder
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        return shutil.disk_usage(nearest).free

    def check_room(self, record: Record) -> None:
        """Refuse what does not fit on the disk."""
        need, free = record.size - self.there(record), self.free()
        if need > free:
            raise StoreError(
                f"there is no room for it: {amount(need)} are needed and {amount(free)} are free at"
                f" {self.folder}; make room, or use another folder (--models, or the variable"
                " MUSEGRAPH_MODELS)"
            )

    def check_place(self, record: Record, replace: bool) -> bool:
        """Whether the model is here already, whole; what is in its way is refused.

        Whole by the sizes of its files; whoever says ``replace`` has their bytes compared.
        """
        name, place = record.name, self.place(record.name)
        for other in {**self.records(), **self.unfinished()}:
            if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
                raise MusegraphError(
                    f"the name {name} would lie in one folder with {other} and change it; give it"
                    " another one with --as"
                )
        for folder in place.parents:
            if folder == self.folder:
                break
            if any((folder / file).exists() for file in _SAYS_WHAT_IT_IS):
                raise MusegraphError(
                    f"{folder} is a model itself, which would be changed; give this one another"
                    " name with --as"
                )
        known = self.record(name)
        if known is None:
            if place.exists():
                raise MusegraphError(
                    f"there is something at {place} that was not fetched by this command, so it is"
                    " left alone; give the model another name with --as"
                )
            return False
        same = _content(known) == _content(record)
        if not same and not replace:
            raise MusegraphError(_other(known, record))
        if same and not any(known.wrongs(place, read=replace)):
            return True
        if strangers := _strangers(known, place):
            raise MusegraphError(
                f"in {place} are files that did not come with {name}, such as"
                f" {strangers[0].relative_to(place)}, which would be lost; move them away first"
            )
        return False

    def add(self, repository: Repository, record: Record, tell: Tell) -> Record:
        """Fetch a model and put it in its place; the record as it is kept.

        After a stop at any moment the same call goes on with what is there.
        """
        adding = self._adding(record.name)
        with self._alone(adding, record.name):
            self._keep_what_is_the_same(adding, record)
            record.write(adding / "record.json")
            content = adding / "content"
            made = fetch(repository, record, content, tell, self._same_here(record))
            self._install(made, content, adding)
        return made

    def _keep_what_is_the_same(self, adding: Path, record: Record) -> None:
        """Drop what an earlier attempt has left that this one has no use for."""
        before = Record.read(adding / "record.json")
        content = adding / "content"
        if before is None:
            shutil.rmtree(content, ignore_errors=True)
            return
        for kept in set(before.files) - set(record.files):
            for file in (content / kept.path, part_of(content / kept.path)):
                file.unlink(missing_ok=True)

    def _install(self, record: Record, content: Path, adding: Path) -> None:
        """From here to there by renaming.

        At no moment does a record stand beside what it does not describe: the old model goes, then
        the record comes, then the new model. Where this ends half-way, the same command goes on.
        """
        place = self.place(record.name)
        new = content / record.files[0].path if record.single else content
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            old = adding / "old"
            _discard(old)
            place.rename(old)
        record.write(self._record(record.name))
        new.rename(place)
        shutil.rmtree(adding, ignore_errors=True)

    def remove(self, name: str) -> Removed:
        """Take out the files that were fetched for a model, and no others."""
        record, place = self.record(name), self.place(name)
        unfinished = self.unfinished().get(name)
        freed = unfinished[1] if unfinished else 0
        left: tuple[Path, ...] = ()
        adding = self._adding(name)
        with self._alone(adding, name):
            if record is not None:
                for kept in record.files:
                    file = record.file(place, kept)
                    freed += file.stat().st_size if file.is_file() else 0
                    file.unlink(missing_ok=True)
                left = _strangers(record, place)
                _tidy(place, self.folder)
                self._record(name).unlink()
                _tidy(self._record(name).parent, self._own)
            shutil.rmtree(adding, ignore_errors=True)
            _tidy(self._own, self.folder)
        return Removed(freed, left)

    @contextmanager
    def _alone(self, adding: Path, name: str) -> Iterator[None]:
        """Keep a second process away, and make sentences of what the file system says."""
        try:
            adding.mkdir(parents=True, exist_ok=True)
            with (adding / "lock").open("w") as lock:
                if fcntl is not None:
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        raise MusegraphError(
                            f"another process is adding or removing {name} just now"
                        ) from None
                yield
        except BrokenPipeError:  # nobody reads the progress any more
            raise
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def _record(self, name: str) -> Path:
        return self._own / "records" / f"{name}.json"

    def _adding(self, name: str) -> Path:
        return self._own / "adding" / quote(name, safe="")


def _content(record: Record) -> tuple[str, str, frozenset[str]]:
    """What makes two records those of the same files."""
    return record.source, record.commit, frozenset(kept.path for kept in record.files)


def _other(known: Record, record: Record) -> str:
    if (known.source, known.commit) != (record.source, record.commit):
        what = f"{known.source} at commit {known.commit[:12]}, and not {record.commit[:12]}"
    else:
        what = f"{known.source} with other files"
    return f"{known.name} is here already: it is {what}; say --replace, or another name with --as"


def _strangers(record: Record, place: Path) -> tuple[Path, ...]:
    """Files in the folder of a model that did not come with it."""
    own = {record.file(place, kept) for kept in record.files}
    every = sorted(place.rglob("*")) if place.is_dir() else ()
    return tuple(file for file in every if file not in own and not file.is_dir())


def _size(file: Path) -> int:
    for place in (file, part_of(file)):
        if place.is_file():
            return place.stat().st_size
    return 0


def _discard(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def _tidy(place: Path, top: Path) -> None:
    """Remove the empty folders below a place, and above it up to ``top``."""
    below = [folder for folder in place.rglob("*") if folder.is_dir()] if place.is_dir() else []
    for folder in (*sorted(below, reverse=True), place, *place.parents):
        if folder == top:
            return
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
