"""What a pack says of itself in ``[tool.musegraph]``, read without importing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from musegraph.errors import PackError

API = "1"
"""The version of what ``musegraph`` exports; it changes only where an old pack would break."""

TABLE = "tool.musegraph"

Line = Annotated[str, Field(min_length=1, max_length=300)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")]
Folder = Annotated[str, Field(pattern=r"^[A-Za-z_][\w-]*(/[A-Za-z_][\w-]*)*$")]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*:[0-9]{1,5}$")]
Secret = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*@[a-z0-9-]+(\.[a-z0-9-]+)*$")]
Place = Literal["models", "assets", "scratch"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Permission(_Part):
    """Something that a pack asks for, with its reason."""

    reason: Line = Field(description='why, for whoever has to agree: reason = "asks a translator"')


class Network(Permission):
    hosts: list[Host] = Field(
        min_length=1,
        description='the hosts and ports that it speaks to: hosts = ["example.org:443"]',
    )


class Files(Permission):
    read: list[Place] = Field(
        default=[], description='what it reads: read = ["models"], or "assets", or "scratch"'
    )
    write: list[Literal["scratch"]] = Field(
        default=[], description='what it writes: write = ["scratch"], a folder that is thrown away'
    )


class Secrets(Permission):
    names: list[Secret] = Field(
        min_length=1, description='the secrets and for which host: names = ["token@example.org"]'
    )


class Permissions(_Part):
    """All that a pack may ask for; what is left out is not asked for."""

    network: Network | None = Field(
        default=None, description='network = { hosts = ["example.org:443"], reason = "…" }'
    )
    files: Files | None = Field(
        default=None, description='files = { read = ["models"], reason = "…" }'
    )
    subprocess: Permission | None = Field(
        default=None, description='subprocess = { reason = "…" }: it starts programs'
    )
    gpu: Permission | None = Field(
        default=None, description='gpu = { reason = "…" }: it computes on a device'
    )
    secrets: Secrets | None = Field(
        default=None, description='secrets = { names = ["token@example.org"], reason = "…" }'
    )

    def asked(self) -> dict[str, Permission]:
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: one for name, one in found.items() if one is not None}

    def lines(self) -> Iterator[tuple[str, str]]:
        """What is asked for and why, for people."""
        for name, one in self.asked().items():
            facts = one.model_dump(exclude={"reason"}, exclude_defaults=True)
            more = "; ".join(
                ", ".join(value) if key in ("hosts", "names") else f"{key} {', '.join(value)}"
                for key, value in facts.items()
            )
            yield f"{name} ({more})" if more else name, one.reason


class NeededModel(_Part):
    """A model that the pack's workflows name."""

    source: Line = Field(description='the name that workflows use: source = "owner/name"')
    licence: Line = Field(description='the licence of the weights: licence = "apache-2.0"')
    reason: str = Field(default="", description="what it is for")


class Manifest(_Part):
    """The table ``[tool.musegraph]``."""

    namespace: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = Field(
        description="the name before the point in the ids of its nodes, in lower-case letters,"
        ' digits and _: namespace = "loud"'
    )
    api: str = Field(description=f'the version of Musegraph\'s interface: api = "{API}"')
    title: dict[Language, Line] = Field(
        default={}, description='what people call it, by language: title = { en = "…", zh = "…" }'
    )
    description: dict[Language, Line] = Field(
        default={}, description='a sentence, by language: description = { en = "…", zh = "…" }'
    )
    permissions: Permissions = Field(
        default=Permissions(),
        description='what it asks for: permissions = { gpu = { reason = "…" } }',
    )
    models: list[NeededModel] = Field(
        default=[], description='its models: [[tool.musegraph.models]] with source = "owner/name"'
    )
    workflows: Folder | None = Field(
        default=None, description='a folder inside the package: workflows = "workflows"'
    )
    texts: Folder | None = Field(
        default=None, description='a folder inside the package: texts = "texts"'
    )

    def name_in(self, language: str) -> str:
        return self.title.get(language) or self.title.get("en") or self.namespace

    def said_in(self, language: str) -> str:
        return self.description.get(language) or self.description.get("en") or ""


def read_manifest(table: Any, file: str, key: str = TABLE) -> Manifest:
    """The manifest in a table; :class:`PackError` has a sentence for each thing wrong with it."""
    if not isinstance(table, Mapping):
        raise PackError(
            f"{file}: there is no table [{key}]; put one there, "
            f'with namespace = "…" and api = "{API}"'
        )
    try:
        manifest = Manifest.model_validate(dict(table))
    except ValidationError as error:
        raise PackError("\n".join(_sentences(error, file, key))) from None
    if manifest.api != API:
        raise PackError(
            f"{file}: {key}.api is {manifest.api!r}, and this Musegraph has the interface {API!r}; "
            "take a version of the pack that was written for it, or another Musegraph"
        )
    return manifest


def _sentences(error: ValidationError, file: str, key: str) -> Iterator[str]:
    for one in error.errors():
        path = ".".join((key, *(str(part) for part in one["loc"] if part != "[key]")))
        yield f"{file}: {path} {_what(one)}"


def _what(one: ErrorDetails) -> str:
    loc = one["loc"]
    if one["type"] == "extra_forbidden":
        known = sorted(_fields(loc[:-1]))
        close = get_close_matches(str(loc[-1]), known, 1)
        meant = f"did you mean {close[0]}?" if close else f"the keys here are {', '.join(known)}"
        return f"is no key of a manifest; {meant}"
    field = _field(loc)
    help_ = f"; it is {field.description}" if field is not None and field.description else ""
    if one["type"] == "missing":
        return f"is missing{help_}"
    said = one["msg"][0].lower() + one["msg"][1:]
    return f"is {one['input']!r}, which will not do: {said}{help_}"


def _model_at(loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The part of the manifest that a place in it lies in."""
    model: type[BaseModel] = Manifest
    for part in loc:
        inner = _PARTS.get(str(part))
        model = inner or model
    return model


_PARTS: dict[str, type[BaseModel]] = {
    "permissions": Permissions,
    "network": Network,
    "files": Files,
    "subprocess": Permission,
    "gpu": Permission,
    "secrets": Secrets,
    "models": NeededModel,
}


def _fields(loc: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    return dict(_model_at(loc).model_fields)


def _field(loc: tuple[int | str, ...]) -> FieldInfo | None:
    """The innermost field that a place in the manifest belongs to."""
    for end in range(len(loc), 0, -1):
        fields = _fields(loc[: end - 1])
        if (found := fields.get(str(loc[end - 1]))) is not None:
            return found
    return None
