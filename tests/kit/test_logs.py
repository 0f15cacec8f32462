"""What a process writes to its log, seen from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging, structlog
from pydantic import SecretBytes, SecretStr
from opsconductor.kit.logs import set_up_logs
from opsconductor.kit.settings import Settings

set_up_logs(Settings(OPSCONDUCTOR_LOG_FORMAT={format!r}), "test")
log = structlog.get_logger()

def sign_in():
    entered = "lo" + "cal-5ecret"
    raise ValueError("unexpected")

log.info("plain", username="visible-name")
for name in {names!r}:
    log.info("secret", **{{name: "named-" + "5ecret"}})
log.info("nested", body={{"username": "visible-name", "list": [{{"password": "nested-" + "5ecret"}}]}})
log.info("typed", kept=SecretStr("typed-" + "5ecret"), all=[SecretBytes(b"typed-" + b"5ecret")])
log.info("run", command="echo run-" + "5ecret", actions=[{{"action_parameters": {{"script": "run-" + "5ecret"}}}}])
logging.getLogger("somebody.else").warning("of another library: %s", "visible-name")
try:
    sign_in()
except ValueError:
    log.exception("failed")
    logging.getLogger("somebody.else").exception("failed too")
"""
NAMES = [
    "password",
    "new_password",
    "PASSPHRASE",
    "access_token",
    "private_key",
    "Authorization",
    "set_cookie",
]


def _logged(format: str) -> str:
    program = PROGRAM.format(format=format, names=NAMES)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module", params=["json", "console"])
def logged(request: pytest.FixtureRequest) -> str:
    """What the program logs, in either format."""
    return _logged(request.param)


def test_fields_that_are_not_secret_are_logged(logged: str) -> None:
    assert logged.count("visible-name") == 3


def test_fields_named_like_secrets_are_masked(logged: str) -> None:
    assert "named-5ecret" not in logged
    assert logged.count("•••") + logged.count(r"\u2022" * 3) >= len(NAMES)


def test_secrets_deeper_inside_a_field_are_masked(logged: str) -> None:
    assert "nested-5ecret" not in logged


def test_values_of_a_secret_type_are_masked_whatever_their_name(logged: str) -> None:
    assert "typed" in logged
    assert "typed-5ecret" not in logged


def test_what_is_run_is_not_logged(logged: str) -> None:
    assert "action" in logged
    assert "run-5ecret" not in logged


def test_a_traceback_says_what_happened_without_the_values_of_variables(logged: str) -> None:
    assert "unexpected" in logged
    assert "sign_in" in logged
    assert "local-5ecret" not in logged


def test_json_logs_are_one_object_a_line_with_time_level_and_service() -> None:
    lines = [json.loads(line) for line in _logged("json").splitlines()]

    assert len(lines) == len(NAMES) + 7
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    assert {line["service"] for line in lines} == {"test"}
