"""The shape of the repository: folders, sizes, and who may import what."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 50
# "path" or "path:function", each with its reason beside it.
LONGER = frozenset(
    {
        # 57 lines, of which 37 say what its ports are.
        "nodes/musegraph_nodes/diffusion/sample.py:sample",
    }
)
HEAVY = ("torch", "numpy", "PIL", "diffusers", "transformers", "networkx", "aiohttp")


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert found, f"no Python files under {folders}"
    return sorted(found)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    ("folder", "package"), [("engine", "musegraph"), ("nodes", "musegraph_nodes")]
)
def test_each_source_root_holds_exactly_one_package(folder: str, package: str) -> None:
    importable = {
        entry.name
        for entry in (ROOT / folder).iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and any(entry.rglob("*.py")))
    }
    assert importable == {package}, "anything else would import here and be missing from the wheel"
    assert (ROOT / folder / package / "__init__.py").is_file()
    assert (ROOT / folder / package / "py.typed").is_file()


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources("engine", "nodes")
    }
    too_long = {file: n for file, n in lengths.items() if n > MOST_LINES_IN_A_FILE}
    assert not too_long.keys() - LONGER, too_long


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_function_is_longer_than_50_lines() -> None:
    too_long = {}
    for path in sources("engine", "nodes"):
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > MOST_LINES_IN_A_FUNCTION:
                too_long[f"{name(path)}:{function.name}"] = lines
    assert not too_long.keys() - LONGER, too_long


def imported(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of each absolute import; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield node.lineno, node.module, alias.name


def exported() -> set[str]:
    """The names in `musegraph.__all__`, read without importing anything."""
    tree = ast.parse((ROOT / "engine" / "musegraph" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    raise AssertionError("musegraph/__init__.py has no __all__")


def test_packs_import_only_what_musegraph_exports() -> None:
    # Import-linter cannot tell the exported name `node` from the module of that name; this can.
    public = exported()
    offences = []
    for path in sources("nodes"):
        if (ROOT / "nodes" / "musegraph_nodes" / "starter") in path.parents:
            continue
        for line, module, what in imported(path):
            inside = module.startswith("musegraph.")
            private = module == "musegraph" and what not in public | {""}
            if inside or private:
                offences.append(f"{name(path)}:{line} imports {module} {what}".rstrip())
    assert not offences


def test_the_engine_imports_no_pack() -> None:
    offences = [
        f"{name(path)}:{line} imports {module}"
        for path in sources("engine")
        for line, module, _ in imported(path)
        if module.partition(".")[0] == "musegraph_nodes"
    ]
    assert not offences


def run_python(code: str, home: Path) -> str:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("XDG_", "MUSEGRAPH_", "HF_", "COV_"))
    }
    environment |= {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "engine"), str(ROOT / "nodes"))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


LOADED = f"import sys; print(*sorted(set({HEAVY!r}) & sys.modules.keys()))"


def test_importing_musegraph_loads_nothing_heavy_and_leaves_home_empty(tmp_path: Path) -> None:
    assert run_python(f"import musegraph; {LOADED}", tmp_path).split() == []
    assert list(tmp_path.iterdir()) == []


def test_loading_the_built_in_packs_loads_nothing_heavy(tmp_path: Path) -> None:
    packs = (
        "from importlib.metadata import entry_points as found\n"
        "mine = [p for p in found(group='musegraph.packs') if p.dist.name == 'musegraph']\n"
        "assert len(mine) >= 4, mine\n"
        "for p in mine: p.load()\n"
    )
    assert run_python(packs + LOADED, tmp_path).split() == []
    assert list(tmp_path.iterdir()) == []
