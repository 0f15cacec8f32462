"""Settings: typed, from the environment, each secret also from a file, and refused when unsafe."""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    HttpUrl,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from opsconductor.kit import buckets

WEAK_SECRETS = ("secret", "changeme", "password", "default", "example")
FROM_FILE = (
    *("DATABASE_URL", "OPSCONDUCTOR_MIGRATION_DATABASE_URL", "REDIS_URL", "SECRET_KEY"),
    "OPSCONDUCTOR_STORAGE_SECRET_KEY",
)
"""Variables whose value may be put into a file named by `<variable>_FILE` instead."""


class SettingsProblem(Exception):
    """The process does not start with settings like these; the text says what to do."""


class Settings(BaseSettings):
    """What a process of OpsConductor is told by its environment."""

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,  # docs/reference/settings.md is made of them
        hide_input_in_errors=True,  # a refusal is printed, and the input holds every secret
    )

    database_url: SecretStr = Field(SecretStr(""), alias="DATABASE_URL")
    """PostgreSQL 15 or newer, `postgresql://user:password@host:port/database`."""
    migration_database_url: SecretStr = Field(SecretStr(""), alias="OPSCONDUCTOR_MIGRATION_DATABASE_URL")
    """`DATABASE_URL` as the role that owns the tables, for migrations (`docs/guide/audit.md`). Empty: itself."""
    redis_url: SecretStr = Field(SecretStr(""), alias="REDIS_URL")
    """Redis or Valkey, `redis://:password@host:port/0`. Losing it costs latency only."""
    secret_key: SecretStr = Field(SecretStr(""), alias="SECRET_KEY")
    """At least 32 characters; the keys for sealing and signing are derived from it."""
    backend_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8000"), alias="OPSCONDUCTOR_BACKEND_URL")
    """Where the bridge finds the core."""
    api_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8001"), alias="OPSCONDUCTOR_API_URL")
    """Where Node-RED finds the bridge."""
    public_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), alias="OPSCONDUCTOR_PUBLIC_URL")
    """What people type; requests of browsers must come from this origin."""
    storage_dir: Path = Field(Path("var/storage"), alias="OPSCONDUCTOR_STORAGE_DIR")
    """Folder for files, and for outputs that are too long for the database."""
    storage_url: str = Field("", alias="OPSCONDUCTOR_STORAGE_URL")
    """`s3://bucket/prefix`, a bucket that all machines share; the folder is its cache then. Empty: the folder alone."""
    storage_endpoint: str = Field("", alias="OPSCONDUCTOR_STORAGE_ENDPOINT")
    """`https://host:port` of a server that speaks S3. Empty: Amazon's, of the region."""
    storage_region: str = Field("us-east-1", alias="OPSCONDUCTOR_STORAGE_REGION")
    """Region of the bucket."""
    storage_access_key: str = Field("", alias="OPSCONDUCTOR_STORAGE_ACCESS_KEY")
    """Access key id for the bucket. Empty: what the machine itself may do (`AWS_…` variables, its role)."""
    storage_secret_key: SecretStr = Field(SecretStr(""), alias="OPSCONDUCTOR_STORAGE_SECRET_KEY")
    """Secret access key for the bucket."""
    storage_ca_file: Path | None = Field(None, alias="OPSCONDUCTOR_STORAGE_CA_FILE")
    """File with certificates (PEM) that the endpoint is trusted by, beside those of the system."""
    storage_plain_http: bool = Field(False, alias="OPSCONDUCTOR_STORAGE_PLAIN_HTTP")
    """Whether the endpoint may be `http://` on another machine. On this one it always may."""
    storage_cache_bytes: NonNegativeInt = Field(20 * 1024**3, alias="OPSCONDUCTOR_STORAGE_CACHE_BYTES")
    """Bytes of the folder that copies of what the bucket has may take; the longest unread go first. 0 is no limit."""
    file_limit: PositiveInt = Field(2 * 1024**3, alias="OPSCONDUCTOR_FILE_LIMIT")
    """Bytes of one uploaded file, at most."""
    output_days: NonNegativeInt = Field(90, alias="OPSCONDUCTOR_OUTPUT_DAYS")
    """Days that outputs are kept after the end of their execution; 0 for ever."""
    output_bytes: NonNegativeInt = Field(20 * 1024**3, alias="OPSCONDUCTOR_OUTPUT_BYTES")
    """Bytes of output files that are kept; beyond that the oldest are deleted. 0 is no limit."""
    run_days: NonNegativeInt = Field(30, alias="OPSCONDUCTOR_RUN_DAYS")
    """Days that runs of flows are kept after their beginning; 0 for ever."""
    executions_kept: NonNegativeInt = Field(100_000, alias="OPSCONDUCTOR_EXECUTIONS_KEPT")
    """Executions that are kept; beyond that the oldest are deleted with their results. 0 is no limit."""
    notification_days: NonNegativeInt = Field(90, alias="OPSCONDUCTOR_NOTIFICATION_DAYS")
    """Days that notifications are kept, with what became of them; 0 for ever."""
    notify_ca_file: Path | None = Field(None, alias="OPSCONDUCTOR_NOTIFY_CA_FILE")
    """File with certificates (PEM) that mail servers and webhooks are trusted by, beside those of the system."""
    setup_secret_file: Path | None = Field(None, alias="OPSCONDUCTOR_SETUP_SECRET_FILE")
    """File for the one-time secret of the first administrator; the core makes it, and removes it afterwards."""
    ready_file: Path | None = Field(None, alias="OPSCONDUCTOR_READY_FILE")
    """File that a worker or beat touches once it works."""
    enable_workflow_api: bool = Field(True, alias="ENABLE_WORKFLOW_API")
    """Whether `/api/workflow/*` answers."""
    log_format: Literal["json", "console"] = Field("json", alias="OPSCONDUCTOR_LOG_FORMAT")
    """`json` for programs, `console` for people."""
    log_level: Annotated[str, StringConstraints(to_upper=True)] = Field(
        "INFO", alias="OPSCONDUCTOR_LOG_LEVEL"
    )
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    max_parallel: PositiveInt = Field(100, alias="OPSCONDUCTOR_MAX_PARALLEL")
    """Targets worked on at once by one worker process; hosts that do not answer at all do not count."""
    open_executions: PositiveInt = Field(2000, alias="OPSCONDUCTOR_OPEN_EXECUTIONS")
    """Executions of one user that may wait or run at once; more are refused with 429."""
    open_operations: PositiveInt = Field(200_000, alias="OPSCONDUCTOR_OPEN_OPERATIONS")
    """Targets of all open executions together; more are refused with 429."""
    warm_seconds: NonNegativeInt = Field(60, alias="OPSCONDUCTOR_WARM_SECONDS")
    """s; how long a worker keeps an SSH connection for the next command. 0: every command logs in anew."""
    lease_seconds: PositiveInt = Field(10, alias="OPSCONDUCTOR_LEASE_SECONDS")
    """s; a worker silent for longer has lost what it held."""
    session_hours: PositiveInt = Field(12, alias="OPSCONDUCTOR_SESSION_HOURS")
    """h; a sign-in ends after this, used or not."""
    workflow_rate: PositiveInt = Field(600, alias="OPSCONDUCTOR_WORKFLOW_RATE")
    """Requests per minute that one token may send to the workflow API, or one address to sign in there."""
    workflow_flow_rate: PositiveInt = Field(12_000, alias="OPSCONDUCTOR_WORKFLOW_FLOW_RATE")
    """Requests per minute that one flow may send, all its runs together; a run needs five or six for a command."""
    workflow_user_rate: PositiveInt = Field(24_000, alias="OPSCONDUCTOR_WORKFLOW_USER_RATE")
    """Requests per minute that one user's tokens and flows may send together; so many Node-RED itself."""
    workflow_starts: PositiveInt = Field(1, alias="OPSCONDUCTOR_WORKFLOW_STARTS")
    """Requests that begin something which a bridge has with the core at once; more only help where several answer."""

    hook_rate: PositiveInt = Field(1200, alias="OPSCONDUCTOR_HOOK_RATE")
    """Requests per minute to one hook that are let in, and that one address may send to it, let in or not."""

    nodered_box: Literal["full", "network", "permission", "off"] | None = Field(
        None, alias="OPSCONDUCTOR_NODERED_BOX"
    )
    """How far Node-RED is boxed in (`docs/guide/box.md`). Not set: as far as the machine allows."""
    nodered_functions: bool | None = Field(None, alias="OPSCONDUCTOR_NODERED_FUNCTIONS")
    """Whether Function nodes run. Not set: in every box, and not without one."""

    @model_validator(mode="after")
    def refuse_weak_secret(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if secret and (len(secret) < 32 or len(set(secret)) < 8 or secret.lower().startswith(WEAK_SECRETS)):
            raise ValueError(
                "SECRET_KEY is too weak: use at least 32 random characters (openssl rand -hex 32)"
            )
        return self

    @model_validator(mode="after")
    def refuse_unusable_storage(self) -> Self:
        if self.storage_url:
            buckets.parsed(self.storage_url)
            buckets.check_pair(self.storage_access_key, self.storage_secret_key.get_secret_value())
            buckets.check_authority(self.storage_ca_file)
        if self.storage_url and self.storage_endpoint:
            buckets.check_endpoint(self.storage_endpoint, plain_http=self.storage_plain_http)
        return self

    @property
    def public_origin(self) -> str:
        """The origin a browser names when it shows our pages, e.g. `https://ops.example.org`."""
        parts = urlsplit(str(self.public_url))
        return f"{parts.scheme}://{parts.netloc}"

    def require(self, *names: str) -> Self:
        """Return the settings if every named one has a value; refuse to start otherwise."""
        for name in names:
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                alias = type(self).model_fields[name].alias
                raise SettingsProblem(f"{alias} is not set; set it, or {alias}_FILE to a file that holds it")
        return self


def from_files(*names: str) -> dict[str, str]:
    """Return the values of those of these variables that are in files. Raises SettingsProblem."""
    values = {}
    for name in names:
        path = os.environ.get(f"{name}_FILE")
        if not path:
            continue
        if os.environ.get(name):
            raise SettingsProblem(f"{name} and {name}_FILE are both set; keep one of them")
        try:
            values[name] = Path(path).read_text().strip()
        except OSError as error:
            raise SettingsProblem(f"{name}_FILE={path} can't be read: {error.strerror}") from error
    return values


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return Settings.model_validate(Settings(**from_files(*FROM_FILE)))  # type: ignore[arg-type]  # values are by alias
