"""Where an installation keeps its files: everything is below one data folder."""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from opsconductor.stack.problems import StackProblem

DEFAULT_DATA_DIR = "var"


def project() -> Path:
    """Return the folder this code was checked out to: it has the web app, Node-RED and the nginx template."""
    return Path(__file__).parents[3]


@dataclass(frozen=True)
class DataDir:
    """The data folder of one installation. `root` is absolute."""

    root: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> "DataDir":
        """Return the folder that is asked for, by the environment, or the default one."""
        wanted = path or os.environ.get("OPSCONDUCTOR_DATA_DIR") or project() / DEFAULT_DATA_DIR
        return cls(Path(wanted).expanduser().resolve())

    @property
    def run(self) -> Path:
        """What is only true while the stack runs."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def setup_secret(self) -> Path:
        return self.secrets / "setup.secret"

    @property
    def socket(self) -> Path:
        """The supervisor's control socket."""
        return self.run / "control.sock"

    def make(self) -> None:
        """Make the folders, readable by their owner alone. Raises StackProblem."""
        try:
            for folder in (self.root, self.run, self.logs, self.secrets, self.root / "storage"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackProblem(
                f"The data folder {self.root} can't be made ({error.strerror}); "
                "choose another one with --data-dir."
            ) from error

    def secret(self, name: str) -> str:
        """Return a secret of this installation; it is made the first time, and never changes."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path.read_text().strip()


def require_space(folder: Path, needed: int) -> None:
    """Raise StackProblem where a disk has less room than that many bytes: better now than half-way."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StackProblem(
            f"The disk of {folder} has {free // 2**20} MiB free, and {needed // 2**20} MiB are needed. "
            "Free some space and run this again; what is there is kept."
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
