"""Refusals of the workflows domain."""

from opsconductor.kit.errors import BadRequest, Conflict, Invalid, NotFound


class WorkflowNotFound(NotFound):
    """There is no deployed flow with this id."""

    code = "workflow_not_found"


class StaleFlows(Conflict):
    """Somebody else deployed in between (deploy {rev} is the newest); review their changes and deploy again."""

    code = "stale_flows"


class MalformedFlows(Invalid):
    """These flows can't be stored: {reason}."""

    code = "malformed_flows"


class UnknownNodeType(Invalid):
    """These node types are not installed, and would keep every flow from starting: {types}."""

    code = "unknown_node_type"


class GrantMissing(BadRequest):
    """Give either `username` and `password`, or `flow_id` and `run_id`."""

    code = "grant_missing"
