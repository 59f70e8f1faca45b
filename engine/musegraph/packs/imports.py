"""What a pack imports, read off its sources: only the public interface, and what it declares."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import packages_distributions

import musegraph
from musegraph.packs.project import Project

COME_ALONG = frozenset({"PIL", "numpy", "pydantic", "torch"})
"""Libraries that Musegraph's own interface speaks of, so whoever has it has them."""
HEAVY = frozenset(
    {"cv2", "diffusers", "librosa", "matplotlib", "pandas", "scipy", "sklearn", "torch"}
    | {"tensorflow", "torchaudio", "torchvision", "transformers"}
)
"""What makes listing the nodes slow where it is imported at the top of a module."""


class Imports:
    """Looks through the modules of a project; nothing is imported for it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.own = {project.package.stem if project.package.is_file() else project.package.name}
        self.public = set(musegraph.__all__)

    @cached_property
    def declared(self) -> set[str]:
        """The distributions that the project depends on, by their plain names."""
        listed = self.project.project.get("dependencies", [])
        found = (re.match(r"[A-Za-z0-9][\w.-]*", str(one).strip()) for one in listed)
        return {plain(one[0]) for one in found if one}

    def errors(self) -> Iterator[tuple[str, str]]:
        """Each import that would fail for others, or later: where, and what to do."""
        if "musegraph" not in self.declared:
            yield "pyproject.toml", 'project.dependencies does not name "musegraph>=…"; add it'
        for file in self.project.modules():
            try:
                tree = ast.parse(file.read_bytes())
            except (SyntaxError, ValueError) as error:
                yield self.project.shown(file), f"is no Python that can be read: {error}"
                continue
            for line, module, name in imported(tree):
                if why := self._wrong(module, name):
                    yield f"{self.project.shown(file)}:{line}", why

    def slow(self) -> Iterator[tuple[str, str]]:
        """Imports at the top of a module that would be better inside the functions."""
        for file in self.project.modules():
            try:
                body = ast.parse(file.read_bytes()).body
            except (SyntaxError, ValueError):
                continue
            for line, module, _ in imported(ast.Module(body, []), deep=False):
                if (top := module.partition(".")[0]) in HEAVY:
                    yield (
                        f"{self.project.shown(file)}:{line}",
                        (
                            f"imports {top} at the top of the module, so that listing the nodes "
                            "takes as long as that; import it inside the functions"
                        ),
                    )

    def _wrong(self, module: str, name: str) -> str:
        top, _, rest = module.partition(".")
        if top == "musegraph":
            return self._private(module, rest, name)
        if top == "musegraph_nodes":
            return (
                f"imports {module}: the packs that come with Musegraph are no interface; use "
                "their nodes in a workflow, or write what you need anew"
            )
        if top in self.own or top in sys.stdlib_module_names or top in COME_ALONG:
            return ""
        return self._undeclared(top)

    def _private(self, module: str, rest: str, name: str) -> str:
        """What is wrong with an import of musegraph, with the public name if there is one."""
        if not rest and (not name or name in self.public):
            return ""
        wanted = name if rest and name else (rest.rpartition(".")[2] or name)
        said = f"from {module} import {name}" if name else f"import {module}"
        public = wanted if wanted in self.public else ""
        if public:
            return f"{said!r} reaches into musegraph; write 'from musegraph import {public}'"
        return (
            f"{said!r} reaches into musegraph, which promises nothing of that; the public names "
            "are those in musegraph.__all__ ('python -c \"import musegraph; "
            "print(*musegraph.__all__)\"')"
        )

    def _undeclared(self, top: str) -> str:
        brought = {plain(one) for one in _brought().get(top, _NAMED_OTHERWISE.get(top, ()))}
        if brought & self.declared or plain(top) in self.declared:
            return ""
        if brought:
            known = " or ".join(sorted(brought))
            return f'imports {top} and does not declare it; add "{known}" to project.dependencies'
        return (
            f"imports {top}, which is not installed here and which no dependency is named after; "
            "add the distribution that brings it to project.dependencies, and install it"
        )


_NAMED_OTHERWISE = {
    "PIL": ("pillow",),
    "bs4": ("beautifulsoup4",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "dateutil": ("python-dateutil",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "pywt": ("pywavelets",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
    "yaml": ("pyyaml",),
}
"""Modules that are called otherwise than what brings them: a pack that runs in an environment of
its own may need what cannot be installed beside Musegraph."""


@cache
def _brought() -> Mapping[str, list[str]]:
    """Which installed distributions bring a top-level module; reading that takes a while."""
    return packages_distributions()


def imported(tree: ast.AST, deep: bool = True) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of each absolute import; the name is empty for ``import module``.

    Those that only a type checker reads are left out.
    """
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name
        if deep or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            todo += ast.iter_child_nodes(node)


def plain(distribution: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
