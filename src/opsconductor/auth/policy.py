"""Roles and permissions: one table, read by the code, the web app and the tests."""

from typing import Literal, get_args

Role = Literal["administrator", "manager", "operator", "designer", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)

EVERYONE: frozenset[Role] = frozenset(ROLES)
RUNNERS: frozenset[Role] = frozenset({"administrator", "manager", "operator", "designer"})
MANAGERS: frozenset[Role] = frozenset({"administrator", "manager"})
DESIGNERS: frozenset[Role] = frozenset({"administrator", "designer"})
ADMINISTRATORS: frozenset[Role] = frozenset({"administrator"})
WRITERS: frozenset[Role] = MANAGERS | DESIGNERS
SERVICES: frozenset[Role] = frozenset()
"""No person's role has these; only our own services do."""

PERMISSIONS: dict[str, frozenset[Role]] = {
    "session.read": EVERYONE,
    "targets.read": EVERYONE,
    "targets.test": RUNNERS,
    "targets.write": MANAGERS,
    "targets.trust": MANAGERS,
    "credentials.read": RUNNERS,
    "credentials.write": MANAGERS,
    "calendars.read": EVERYONE,
    "calendars.write": MANAGERS,
    "calendars.override": MANAGERS,
    "scripts.read": EVERYONE,
    "scripts.write": WRITERS,
    "files.read": RUNNERS,
    "files.write": RUNNERS,
    "executions.read": EVERYONE,
    "executions.run": RUNNERS,
    "executions.cancel": RUNNERS,
    "workflows.read": EVERYONE,
    "workflows.edit": DESIGNERS,
    "templates.read": EVERYONE,
    "templates.rate": EVERYONE,
    "templates.write": DESIGNERS,
    "templates.of_others": ADMINISTRATORS,
    "hooks.read": EVERYONE,
    "hooks.write": DESIGNERS,
    "hooks.open": ADMINISTRATORS,  # to everybody, without a secret
    "runs.read": EVERYONE,
    "runs.cancel": RUNNERS,
    "notifications.read": EVERYONE,
    "notifications.send": RUNNERS,
    "notifications.write": MANAGERS,
    "notifications.allow_private": ADMINISTRATORS,
    "workflow_tokens.read": EVERYONE,  # one's own
    "workflow_tokens.write": EVERYONE,
    "workflow_tokens.of_others": ADMINISTRATORS,
    "audit.read": MANAGERS,
    "audit.write": RUNNERS,
    "users.read": ADMINISTRATORS,
    "users.write": ADMINISTRATORS,
    "sessions.open": SERVICES,
    "storage.read": SERVICES,
    "storage.write": SERVICES,
    "run_tokens.create": SERVICES,
    "runs.report": SERVICES,
    "hooks.check": SERVICES,
}

NODERED_INSTANCE = frozenset(
    {"storage.read", "storage.write", "run_tokens.create", "runs.report", "hooks.check"}
)
"""What Node-RED itself may do: keep its flows, tell of their runs, ask for a token that acts as a flow's owner, and
whether a request to a hook may reach its flow."""
EDITOR_TICKET = frozenset(
    {
        *("session.read", "targets.read", "scripts.read", "files.read", "executions.read"),
        *("workflows.read", "workflows.edit", "templates.read", "notifications.read"),
    }
)
"""What a person's ticket is good for inside the editor."""
WorkflowScope = Literal[
    "session.read",
    "targets.read",
    "scripts.read",
    "files.read",
    "files.write",  # a message's content, on its way to targets
    "executions.read",
    "executions.run",
    "executions.cancel",
    "notifications.read",
    "notifications.send",
    "audit.write",
]
WORKFLOW_TOKEN: frozenset[str] = frozenset(get_args(WorkflowScope))
"""What a workflow token can be good for."""
FLOW_RUN = WORKFLOW_TOKEN - {"scripts.read", "files.read"}
"""What a flow may do at most, whoever owns it. Lists of scripts and files are for dialogs, which ask as who edits."""

NODERED_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    "viewer": ("read",),
    "operator": ("read", "inject.write"),
    "manager": ("read", "inject.write"),
    "designer": (
        "read",
        "inject.write",
        "flows.write",
        "debug.write",
        "library.write",
        "settings.write",
        "context.write",
    ),
    "administrator": ("*",),
}
"""What a role may do in Node-RED's editor, in Node-RED's own words."""


def permissions_of(role: Role) -> frozenset[str]:
    """Return everything a role may do."""
    return frozenset(name for name, roles in PERMISSIONS.items() if role in roles)
