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


class NotAFlow(Invalid):
    """This is not one tab with everything it uses; see what is wrong with which node."""

    code = "not_a_flow"


class SecretsInFlow(Invalid):
    """Nodes hold secrets: {places}. Put each into a credential or a secret parameter, and take it out of the node."""

    code = "secrets_in_flow"


class NodeTypesUnknown(Conflict):
    """Node-RED has not told yet which node types it has; try again once it has started."""

    code = "node_types_unknown"
