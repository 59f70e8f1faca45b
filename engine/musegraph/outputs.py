"""Named outputs written as files into a folder of the user's, after the run.

What is written once is left alone as long as it is there untouched: then nothing is decoded, so
that a run whose steps are all cached imports neither torch nor Pillow. A file that holds something
else is never written over; the new one gets a longer name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from musegraph.errors import MusegraphError, NodeError, StoreError
from musegraph.locked import named
from musegraph.naming import mark_of, names_of, put
from musegraph.paths import at_home, shown, text_of
from musegraph.run import RunResult
from musegraph.store import NOTHING, Entry, Record, Store
from musegraph.values import File, Image, Mask, digest, files
from musegraph.values.canonical import canonical

_KIND = "saved files"


@dataclass(frozen=True, slots=True)
class Saved:
    """One file of an output; ``written`` is False if it was there already."""

    output: str
    path: Path
    written: bool


class NotSaved(MusegraphError):
    """Some outputs cannot be files; ``saved`` holds those that are."""

    def __init__(self, saved: list[Saved], reasons: list[str]) -> None:
        self.saved = saved
        super().__init__("\n".join(reasons))


class _Lost(NodeError):
    """What was kept of a value is gone, or damaged."""

    def __init__(self) -> None:
        super().__init__("its data is no longer in the cache; run it again")


class FolderUnusable(StoreError):
    """The folder takes no more files; ``saved`` holds those that it took."""

    def __init__(self, saved: list[Saved], reason: str) -> None:
        self.saved = saved
        super().__init__(reason)


def save_outputs(
    result: RunResult,
    folder: str | Path,
    embed: bool = True,
    *,
    prefix: str = "",
    values: bool = True,
) -> list[Saved]:
    """Write what each named output holds into ``folder``; what was skipped or failed is left out.

    Pictures carry the workflow and the record of the run unless ``embed`` is False. Every name
    starts with ``prefix``; without ``values``, what is JSON becomes no file. Raises
    :class:`FolderUnusable` if the folder cannot be written to; the results stay in the cache.
    """
    place = at_home(folder)
    saver = _Saver.of(result, embed, place, prefix)

    def save(name: str, entry: Entry) -> None:
        if entry.json is not None and (values or entry.json is NOTHING):
            saver.output(name, entry)

    try:
        place.mkdir(parents=True, exist_ok=True)
        problems = _each(result, save)
    except OSError as error:
        what = "it is no folder" if isinstance(error, FileExistsError) else error.strerror or error
        raise FolderUnusable(
            saver.saved,
            f"the outputs cannot be saved in {shown(place)}: {what}; run it again with another"
            " folder: what the cache has kept is not computed again",
        ) from None
    saved = list({(one.output, one.path): one for one in reversed(saver.saved)}.values())[::-1]
    if problems:
        said = [f"the output {name!r} cannot be saved: {why}" for name, why in problems.items()]
        raise NotSaved(saved, said)
    return saved


def _each(result: RunResult, work: Callable[[str, Entry], None]) -> dict[str, NodeError]:
    """Do something with each named output; why it could not be done, by name.

    What turns out to be lost when it is read is computed again, all of it together, once.
    """
    problems: dict[str, NodeError] = {}
    wanted = list(result.entries())
    for last in (False, True):
        entries = result.entries()
        for name in wanted:
            try:
                work(name, entries[name])
                problems.pop(name, None)
            except NodeError as error:
                problems[name] = error
        wanted = [name for name, why in problems.items() if isinstance(why, _Lost)]
        if last or not wanted or not result.make_again():
            break
    return problems


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of an output, kept in the store as an asset that nothing evicts."""

    asset: str
    name: str
    media: str
    bytes: int
    identity: str
    """That of the value that it was made of."""

    def json(self) -> dict[str, Any]:
        return asdict(self)


def keep_outputs(result: RunResult, embed: bool = True) -> dict[str, dict[str, Any]]:
    """Each named output that there is: its identity, and its JSON ``value`` or its ``files``.

    Files go into the store, pinned; they are the bytes that ``save_outputs`` writes. A value that
    was kept before is not made into files again. What cannot be a file has a ``problem``.
    """
    saver = _Saver.of(result, embed)
    made: dict[str, dict[str, Any]] = {}

    def keep(name: str, entry: Entry) -> None:
        made[name] = {"identity": entry.identity, "value": None, "files": [], "problem": None}
        if entry.json is not NOTHING:
            made[name]["value"] = entry.json
        else:
            made[name]["files"] = [kept.json() for kept in saver.keep(name, entry)]

    for name, why in _each(result, keep).items():
        made[name]["problem"] = str(why)
    return made


def keep_value(
    store: Store,
    name: str,
    entry: Entry,
    facts: dict[str, Any] | None,
    pictures: slice,
) -> list[Kept]:
    """The files of one value, wherever in a run it stood, as assets that may be evicted.

    They are the bytes that an output would be, with ``facts`` (:func:`facts_of`) inside. Of a batch
    only ``pictures`` are made into files.
    """
    saver = _Saver(store, None if facts is None else cache(lambda: canonical(facts)))
    return saver.keep(name, entry, pictures)


def facts_of(workflow: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    """What pictures carry: the workflow and the record of the run that made them."""
    version = record.get("musegraph", "")
    return {"musegraph": version, "workflow": workflow, "record": record}


def save_kept(folder: str | Path, output: str, file: File, identity: str) -> Saved:
    """Write a file that was kept elsewhere under the name that ``save_outputs`` would give it."""
    place = at_home(folder)
    mark = mark_of(identity)
    try:
        place.mkdir(parents=True, exist_ok=True)
        return Saved(output, *put(place, names_of(file.name, mark), file.data))
    except OSError as error:
        raise StoreError(
            f"the outputs cannot be saved in {shown(place)}: {error.strerror or error}"
        ) from None


class _Saver:
    """Makes values into files, with the facts inside that a function gives, if there is one.

    They are canonical text, which is made once, however many pictures carry it.
    """

    def __init__(
        self,
        store: Store,
        facts: Callable[[], str] | None,
        held: Callable[[], Mapping[str, Any]] = dict,
        folder: Path = Path(),
        prefix: str = "",
    ) -> None:
        self.store = store
        self.held = held
        self.folder = folder
        self.embed = facts is not None
        self.prefix = prefix
        self.saved: list[Saved] = []
        self._facts = facts

    @classmethod
    def of(cls, result: RunResult, embed: bool, folder: Path = Path(), prefix: str = "") -> _Saver:
        """For the outputs of a run, with its facts inside if ``embed``."""

        @cache
        def facts() -> str:
            workflow = result.plan.workflow
            if result.registry is not None:
                workflow = named(workflow, result.registry)
            return canonical(facts_of(workflow.json(), result.record))

        def held() -> Mapping[str, Any]:  # another one once something was computed again
            return result.outcome.held

        return cls(result.store, facts if embed else None, held, folder, prefix)

    def output(self, name: str, entry: Entry) -> None:
        for number, part in _parts(entry):
            stem = self.prefix + name
            self.part(name, f"{stem}_{number}" if number else stem, part)

    def part(self, output: str, stem: str, entry: Entry) -> None:
        """One value of an output: itself, or an item of its list."""
        key = self.key(stem, entry)
        known = self.remembered(key)
        if known is not None:
            self.saved.extend(Saved(output, path, False) for path in known)
            return
        made = [self.write(output, *named) for named in self.named_files(stem, entry)]
        self.saved.extend(made)
        self.remember(key, [saved.path for saved in made])

    def keep(self, output: str, entry: Entry, pictures: slice | None = None) -> list[Kept]:
        """The files of an output in the store: those of an earlier run, or new ones.

        Only some ``pictures`` of a batch are for a look, and pinned by nobody.
        """
        how = "embedded" if self.embed else "plain"
        look = () if pictures is None else (f"{pictures.start}:{pictures.stop}",)
        key = digest("kept files", output, entry.identity, how, *look)
        known = self.store.record(key)
        if known is not None:
            kept = [Kept(*listed) for listed in known.outputs["files"].json]
            if all(self.store.verify(one.asset) for one in kept):
                return kept
        kept = []
        for number, part in _parts(entry):
            stem = f"{output}_{number}" if number else output
            for file, _ in self.named_files(stem, part, pictures):
                full = self.with_facts(file)
                asset = self.store.put_bytes(full.data, pin=pictures is None)
                facts = (file.name, file.media, len(full.data), part.identity)
                kept.append(Kept(asset, *facts))
        listed = [[*one.json().values()] for one in kept]
        record = Record({"files": Entry("files", json=listed)}, 0.0, "kept files")
        self.store.put_record(key, record, durable=False)
        return kept

    # -- what was written before --------------------------------------------------------------

    def key(self, stem: str, entry: Entry) -> str:
        how = "embedded" if self.embed else "plain"
        return digest(_KIND, text_of(self.folder.resolve()), stem, entry.identity, how)

    def remembered(self, key: str) -> list[Path] | None:
        """The files written for this value earlier, if all of them are there untouched."""
        record = self.store.record(key)
        if record is None:
            return None
        paths = []
        for name, size, changed in record.outputs["files"].json:
            path = self.folder / name
            try:
                facts = path.stat()
            except OSError:
                return None
            if (facts.st_size, facts.st_mtime_ns) != (size, changed):
                return None
            paths.append(path)
        return paths

    def remember(self, key: str, paths: list[Path]) -> None:
        listed = []
        for path in paths:
            facts = path.stat()
            listed.append([path.name, facts.st_size, facts.st_mtime_ns])
        record = Record({"files": Entry("files", json=listed)}, 0.0, _KIND)
        self.store.put_record(key, record, durable=False)

    # -- what is written now ------------------------------------------------------------------

    def named_files(
        self, stem: str, entry: Entry, pictures: slice | None = None
    ) -> list[tuple[File, Iterator[str]]]:
        """The files of a value, each with the names that it may be saved under."""
        value = self.store.value(entry, self.held())
        if value is NOTHING:
            raise _Lost
        mark = mark_of(entry.identity)
        if isinstance(value, File):
            plain = files.plain_name(value.name)
            own = self.prefix + plain if plain else stem
            return [(value, names_of(own, mark, bare=True))]
        if isinstance(value, (Image, Mask)) and len(value.data) > 1:
            width = max(2, len(str(len(value.data))))
            parts = [
                (f"{stem}_{index:0{width}}", type(value)(value.data[index - 1 : index]))
                for index in range(1, len(value.data) + 1)[pictures or slice(None)]
            ]
        else:
            parts = [(stem, value)]
        made = [files.to_file(part, name) for name, part in parts]
        return [(file, names_of(file.name, mark)) for file in made]

    def write(self, output: str, file: File, names: Iterator[str]) -> Saved:
        """Write a file under the first name that is free, or already holds the same."""
        full = self.with_facts(file)

        def over(there: bytes) -> bool | None:
            if not self.same_content(there, file):
                return None
            return bool(files.extract(there)) != (full is not file)

        return Saved(output, *put(self.folder, names, full.data, over))

    def same_content(self, there: bytes, file: File) -> bool:
        """Whether a file holds the same picture, whatever facts stand beside it."""
        if not files.extract(there):
            return there == file.data
        return files.embed(File(there, ""), {}).data == files.embed(file, {}).data

    def with_facts(self, file: File) -> File:
        if self._facts is None:
            return file
        try:
            return files.embed(file, self._facts())
        except NodeError:  # a workflow too large to be carried in a picture
            return file


def _parts(entry: Entry) -> Iterator[tuple[str, Entry]]:
    """The values to save: one, or the items of a list of media, numbered from 1."""
    if entry.json is not NOTHING or entry.items is None:
        yield "", entry
        return
    width = max(2, len(str(len(entry.items))))
    for index, item in enumerate(entry.items, 1):
        for inner, part in _parts(item):
            own = f"{index:0{width}}"
            yield f"{own}-{inner}" if inner else own, part
