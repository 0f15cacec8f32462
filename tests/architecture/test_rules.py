"""Rules of the house that an import contract can't express, held against the source itself."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src/opsconductor"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST = 330  # lines

COMMITS = {
    "kit/unit_of_work.py": "the one place for requests and tasks",
    "auth/guard.py": "notes that a token was used, before the request's own transaction begins",
    "executions/engine.py": "each step of claim, intent and outcome must be durable before the next begins",
}
STATEMENTS = {
    "kit/outbox.py": "the kit has no layers; the outbox is one table with three statements",
    "kit/pagination.py": "wraps the statement of a repository to count and cut it",
    "audit/service.py": "audit has one question, put together from its filters",
    "apps/core.py": "the health check asks whether the database answers",
    "migrations/upgrade.py": "takes the lock of migrations",
    "migrations/roles.py": "says what the services' role may do, after each migration",
}
BUILDERS = {"select", "update", "insert", "delete", "text", "union_all", "exists"}


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _commits(path: Path) -> bool:
    return any(isinstance(c.func, ast.Attribute) and c.func.attr == "commit" for c in _calls(path))


def _builds_statements(path: Path) -> bool:
    """Tell whether a module calls what it has from SQLAlchemy to build statements with."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
    }
    mine = imported & BUILDERS
    return any(isinstance(c.func, ast.Name) and c.func.id in mine for c in _calls(path))


def test_nobody_commits_but_those_with_a_reason() -> None:
    assert {_name(path) for path in FILES if _commits(path)} == set(COMMITS)


def test_statements_are_in_repositories_or_have_a_reason() -> None:
    places = {
        _name(path)
        for path in FILES
        if _builds_statements(path)
        and not path.stem.endswith(("repository", "models"))  # indexes and checks are written as SQL
        and "versions" not in path.parts
    }

    assert places == set(STATEMENTS)


def test_routers_are_branches_which_requests_about_others_pass_by() -> None:
    made = {_name(path) for path in FILES for call in _calls(path) if _called(call) == "APIRouter"}

    assert made == set()


def test_host_keys_are_never_left_unchecked() -> None:
    unchecked = [
        _name(path)
        for path in FILES
        for call in _calls(path)
        for keyword in call.keywords
        if keyword.arg == "known_hosts" and getattr(keyword.value, "value", ...) is None
    ]

    assert unchecked == []


def test_no_file_says_known_hosts_none_in_another_way() -> None:
    said = [
        _name(path)
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if getattr(key, "value", None) == "known_hosts" and getattr(value, "value", ...) is None
    ]

    assert said == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_module_says_in_a_sentence_what_it_is(path: Path) -> None:
    said = ast.get_docstring(_tree(path)) or ""

    assert said.split("\n\n")[0].rstrip("`").endswith((".", "?"))


def test_no_file_is_too_long_to_read() -> None:
    lines = {
        _name(path): len(path.read_text().splitlines()) for path in FILES if "versions" not in path.parts
    }

    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


WITHOUT_DATABASE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sqlalchemy", "psycopg", "alembic"}:
            raise ImportError("the bridge has no database: " + name)
sys.meta_path.insert(0, Refuse())
from opsconductor.apps.bridge import create_app
from opsconductor.kit.settings import Settings
create_app(Settings.model_construct(enable_workflow_api=True))
"""


def test_the_bridge_starts_without_anything_of_a_database() -> None:
    environment = {"PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", WITHOUT_DATABASE]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert done.returncode == 0, done.stderr[-1000:]


def test_the_rule_for_statements_sees_one(tmp_path: Path) -> None:
    (tmp_path / "routes.py").write_text("from sqlalchemy import select\nquery = select(1)\n")

    assert _builds_statements(tmp_path / "routes.py")
