"""Checks of a target's health: what is asked of it, and what its answers mean."""

from dataclasses import asdict, dataclass
from typing import Any

from opsconductor.contracts.actions import HealthCheckParameters, HttpCheck, Thresholds
from opsconductor.executions.steps import Ended

EXIT_CODES = {"healthy": 0, "warning": 1, "critical": 2}
"""As monitoring plug-ins have them."""
MARK = "opsc-health"

# Each line that counts is `opsc-health <check> <value>`; what a target does not know has no line.
_DISK = (
    "df -Pkl 2>/dev/null | while read -r d b u a p m; do case $p in [0-9]*%) "
    "case $d in tmpfs|devtmpfs|udev|/dev/loop*) ;; "
    '*) echo "opsc-health disk_percent ${p%?} $m";; esac;; esac; done'
)
_MEMORY = (
    "while read -r k v r; do case $k in MemTotal:) t=$v;; MemAvailable:) a=$v;; esac; done </proc/meminfo 2>/dev/null; "
    'test -n "$t" && test -n "$a" && echo "opsc-health memory_percent $(( (t - a) * 100 / t ))"'
)
_LOAD = (
    "n=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); "
    'l=$(uptime | sed "s/.*load average[s]*: *//; s/,* .*//; s/,$//; s/,/./"); echo "opsc-health load $l $n"'
)
_TCP = (
    'tcp() { if command -v timeout && command -v bash; then timeout 5 bash -c ": </dev/tcp/$1/$2"; '
    'elif command -v nc; then nc -z -w 5 "$1" "$2"; else return 9; fi >/dev/null 2>&1; }'
)
_HTTP = 'http() { curl -s -o /dev/null -m 10 --proto =http,https -w "%{http_code}" "$1" 2>/dev/null; }'


@dataclass(frozen=True)
class Check:
    """What one check found: `state` is healthy, warning, critical or unknown (which counts as critical)."""

    name: str
    state: str
    value: float | str | None
    message: str


def latency(milliseconds: int, thresholds: Thresholds | None) -> Check:
    """Judge how long connecting and signing in took."""
    return _judge("latency_ms", float(milliseconds), thresholds, f"Signed in within {milliseconds} ms.")


def needs_look(parameters: HealthCheckParameters) -> bool:
    """Tell whether a command has to be run on the target."""
    return bool(
        parameters.disk_percent
        or parameters.memory_percent
        or parameters.load_per_cpu
        or parameters.services
        or parameters.tcp_ports
        or parameters.http
    )


def script(parameters: HealthCheckParameters) -> str:
    """Return the command that finds the values out."""
    parts = []
    if parameters.disk_percent:
        parts.append(_DISK)
    if parameters.memory_percent:
        parts.append(_MEMORY)
    if parameters.load_per_cpu:
        parts.append(_LOAD)
    # Names and addresses hold nothing that a shell would read otherwise (contracts/actions.py: ServiceName).
    parts += [
        f'echo "opsc-health service {name} $(systemctl is-active -- "{name}" 2>/dev/null)"'
        for name in parameters.services
    ]
    parts += _looks_at_ports(parameters) + _looks_at_servers(parameters)
    return f"exec /bin/sh -c '{'; '.join(parts)}; exit 0'"


def _looks_at_ports(parameters: HealthCheckParameters) -> list[str]:
    """A port that the target has no means to try has no line."""
    asked = [
        f'tcp {port.replace(":", " ")}; case $? in 0) echo "opsc-health tcp {port} open";; 9) ;; '
        f'*) echo "opsc-health tcp {port} closed";; esac'
        for port in parameters.tcp_ports
    ]
    return [_TCP, *asked] if asked else []


def _looks_at_servers(parameters: HealthCheckParameters) -> list[str]:
    asked = [f'echo "opsc-health http {one.url} $(http "{one.url}")"' for one in parameters.http]
    return [_HTTP, *asked] if asked else []


def judged(said: str, parameters: HealthCheckParameters) -> list[Check]:
    """Return a check for each thing that was asked for; what the target did not tell is unknown."""
    facts = [line.split()[1:] for line in said.splitlines() if line.startswith(f"{MARK} ")]
    checks = []
    if parameters.disk_percent:
        checks.append(_fullest_disk([f for f in facts if f[0] == "disk_percent"], parameters.disk_percent))
    if parameters.memory_percent:
        value = _number(facts, "memory_percent", 0)
        sentence = f"{value:g} % of the memory is in use." if value is not None else ""
        checks.append(_judge("memory_percent", value, parameters.memory_percent, sentence))
    if parameters.load_per_cpu:
        load, processors = _number(facts, "load", 0), _number(facts, "load", 1)
        value = round(load / processors, 2) if load is not None and processors else None
        sentence = f"The load is {value:g} for each processor." if value is not None else ""
        checks.append(_judge("load_per_cpu", value, parameters.load_per_cpu, sentence))
    services, ports, servers = (_words(facts, kind) for kind in ("service", "tcp", "http"))
    checks += [_service(name, services.get(name, "unknown")) for name in parameters.services]
    checks += [_port(name, ports.get(name)) for name in parameters.tcp_ports]
    checks += [_server(one, servers.get(one.url)) for one in parameters.http]
    return checks


def verdict(checks: list[Check]) -> Ended:
    """Return how the action ended: critical is a failure, a warning is not, and the exit code tells them apart."""
    states = [check.state for check in checks]
    state = (
        "critical"
        if {"critical", "unknown"} & set(states)
        else "warning"
        if "warning" in states
        else "healthy"
    )
    detail: dict[str, Any] = {"state": state, "checks": [asdict(check) for check in checks]}
    if state == "critical":
        bad = " ".join(check.message for check in checks if check.state in ("critical", "unknown"))
        return Ended("failed", 2, None, "health_critical", bad[:1000], detail)
    return Ended("completed", EXIT_CODES[state], detail=detail)


def _fullest_disk(facts: list[list[str]], thresholds: Thresholds) -> Check:
    disks = [(float(f[1]), " ".join(f[2:])) for f in facts if len(f) > 2 and f[1].isdigit()]
    if not disks:
        return _judge("disk_percent", None, thresholds, "")
    used, place = max(disks)
    return _judge("disk_percent", used, thresholds, f"{place} is {used:g} % full.")


def _service(name: str, state: str) -> Check:
    good = state == "active"
    message = f"The service {name} is {state}."
    return Check(f"service {name}", "healthy" if good else "critical", state, message)


def _port(name: str, state: str | None) -> Check:
    if state is None:
        return _judge(f"tcp {name}", None, None, "")
    good = state == "open"
    return Check(f"tcp {name}", "healthy" if good else "critical", state, f"The port {name} is {state}.")


def _server(asked: HttpCheck, said: str | None) -> Check:
    """Judge the status that a server answered with; curl says 000 where none did."""
    name = f"http {asked.url}"
    if said is None or not said.isdigit():
        return _judge(name, None, None, "")
    status = int(said)
    good = status == asked.status
    message = f"{asked.url} answers {status}." if status else f"{asked.url} does not answer."
    return Check(name, "healthy" if good else "critical", status or None, message)


def _words(facts: list[list[str]], kind: str) -> dict[str, str]:
    return {fact[1]: fact[2] for fact in facts if fact[0] == kind and len(fact) > 2}


def _number(facts: list[list[str]], name: str, index: int) -> float | None:
    for fact in facts:
        if fact[0] == name and len(fact) > index + 1:
            try:
                return float(fact[index + 1])
            except ValueError:
                return None
    return None


def _judge(name: str, value: float | None, thresholds: Thresholds | None, message: str) -> Check:
    if value is None:
        return Check(name, "unknown", None, f"The target does not tell its {name.replace('_', ' ')}.")
    state = "healthy"
    if thresholds and value >= thresholds.critical:
        state = "critical"
    elif thresholds and value >= thresholds.warning:
        state = "warning"
    return Check(name, state, value, message)
