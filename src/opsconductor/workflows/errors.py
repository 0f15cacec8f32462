"""Refusals of the workflows domain."""

from opsconductor.kit.errors import BadRequest, Conflict, Invalid, NotFound


class WorkflowNotFound(NotFound):
    """There is no deployed flow with this id."""

    code = "workflow_not_found"


class StaleFlows(Conflict):
    """{who} deployed in between and changed: {what}. Review that and deploy again."""

    code = "stale_flows"


class WorkflowVersionNotFound(NotFound):
    """This flow has no version with this number."""

    code = "workflow_version_not_found"


class DeployNotFound(NotFound):
    """There is no deploy with this number."""

    code = "deploy_not_found"


class AlreadyCurrent(Conflict):
    """This is what is deployed now; there is nothing to restore."""

    code = "already_current"


class MalformedFlows(Invalid):
    """These flows can't be stored: {reason}."""

    code = "malformed_flows"


class UnknownNodeType(Invalid):
    """These node types are not installed, and would keep every flow from starting: {types}."""

    code = "unknown_node_type"


class GrantMissing(BadRequest):
    """Give either `username` and `password`, or `flow_id` and `run_id`."""

    code = "grant_missing"
