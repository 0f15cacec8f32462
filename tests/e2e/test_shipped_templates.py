"""Each template that comes with the product, on the demo fleet: used, set as its comment says, and seen to work."""

import http.server
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.support.whole_stack import WholeStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

Changes = dict[str, dict[str, Any]]
WEB_AND_DB = {"osType": "linux", "environment": "production", "status": "active", "tags": "demo"}
ALL = {**WEB_AND_DB, "environment": ""}
UP, DOWN = {"demo-web-1", "demo-web-2", "demo-db-1"}, "demo-offline"
"""All of them share our disk, and the home of who signs in: paths are absolute here, in a folder of the test."""
V2 = {"Node-RED-API-Version": "v2"}


def given(**parameters: str) -> dict[str, Any]:
    """Return the parameters of a command executor, which then runs as whoever signs in."""
    named = [{"name": n, "value": v, "type": "str", "secret": False} for n, v in parameters.items()]
    return {"parameters": named, "runAs": ""}


class Door(http.server.BaseHTTPRequestHandler):
    """A service that is well once it was repaired."""

    marker: Path

    def do_GET(self) -> None:
        self.send_response(200 if self.marker.exists() else 503)
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815  # the base class's names

    def log_message(self, *words: object) -> None: ...


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a service that is not well, and the file that makes it so."""
    marker = tmp_path_factory.mktemp("service") / "repaired"
    handler = type("Marked", (Door,), {"marker": marker})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", marker
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate that ends soon, and one that does not."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, days in (("soon", 10), ("later", 300)):
        (folder / f"{name}.pem").write_bytes(_certificate(name, days))
    return folder


def _certificate(name: str, days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Tabs:
    """The tabs that were made of all shipped templates, each as it was set."""

    admin: httpx.Client
    flows: dict[str, str]
    injects: dict[str, str]

    def run(self, slug: str, status: str = "completed") -> dict[str, Any]:
        """Press a tab's button; return its run, once it has ended so."""
        seen = {run["id"] for run in self._runs(slug)}
        assert self.admin.post(f"/nodered/inject/{self.injects[slug]}", json={}).is_success
        deadline = time.monotonic() + 60
        while True:
            new = [run for run in self._runs(slug) if run["id"] not in seen and run["status"] != "running"]
            if new:
                assert new[0]["status"] == status, new
                return dict(new[0])
            assert time.monotonic() < deadline, self._runs(slug)
            time.sleep(0.2)

    def _runs(self, slug: str) -> list[dict[str, Any]]:
        query = {"flow_id": self.flows[slug]}
        return list(self.admin.get("/api/v3/workflow-executions", params=query).json()["items"])

    def told(self, slug: str) -> dict[str, str]:
        """Return what people were told by a tab, newest first: text by title."""
        page = self.admin.get("/api/v3/notifications", params={"limit": 200}).json()
        mine = [one for one in page["items"] if one["flow_id"] == self.flows[slug]]
        return {one["title"]: one["body"] for one in reversed(mine)}

    def noted(self, slug: str) -> list[str]:
        """Return what a tab wrote into the audit log."""
        query = {"object_type": "flow", "object_id": self.flows[slug]}
        page = self.admin.get("/api/v3/audit", params=query).json()
        return [one["action"] for one in reversed(page["items"])]


@pytest.fixture(scope="module")
def admin(whole_stack: WholeStack) -> Iterator[httpx.Client]:
    """The administrator, in the editor too; the demo fleet is registered."""
    whole_stack.register_fleet()
    with closing(whole_stack.set_up_with_session()) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that stands for the disks of the targets."""
    return tmp_path_factory.mktemp("targets")


@pytest.fixture(scope="module")
def tabs(
    admin: httpx.Client,
    service: tuple[str, Path],
    certificates: Path,
    folder: Path,
) -> Tabs:
    channel = admin.post("/api/v3/notification-channels", json={"name": "people", "kind": "in_app"}).json()
    settings = _settings(service, certificates, folder)
    page = admin.get("/api/v3/workflow-templates", params={"author": "OpsConductor"}).json()
    made = {one["slug"]: _used(admin, one["id"]) for one in page["items"]}
    assert set(made) == set(settings)
    flows = _taken_over(admin, set(made.values()))
    by_tab = {flow: slug for slug, flow in made.items()}
    for node in flows["flows"]:
        if node["id"] in by_tab:
            node["disabled"] = False
        elif slug := by_tab.get(node.get("z")):
            node.update(settings[slug].get(node.get("name"), {}))
            if node["type"] == "opsconductor-notification":
                node["channels"] = [channel["id"]]
            if node["type"] == "inject":  # what begins by itself would begin beside the test
                node.update(repeat="", crontab="")
    assert admin.post("/nodered/flows", json=flows, headers=V2).is_success
    injects = {by_tab[n["z"]]: n["id"] for n in flows["flows"] if n["type"] == "inject"}
    _wait_for(admin, next(iter(injects.values())))
    return Tabs(admin, made, injects)


def _settings(service: tuple[str, Path], certificates: Path, folder: Path) -> dict[str, Changes]:
    """Return what the comments of the templates say one has to set, as it fits the demo fleet."""
    address, marker = service
    look = {"services": "", "tcpPorts": "", "http": address}
    return {
        "disk-check": {
            "all Linux targets": {"targetFilter": ALL},
            "disks": {"diskWarning": "0.01", "diskCritical": "101"},
        },
        "rolling-restart": {
            "web servers": {"targetFilter": WEB_AND_DB},
            "restart in waves": given(SERVICE=str(folder / "restarted"), RESTART="touch", CHECK="test -e"),
        },
        "patching-canary": {
            "staging": {"targetFilter": ALL},
            "well enough?": {"diskWarning": "101", "diskCritical": "102"},
            "patch in waves": given(
                PATCH=f"echo patched >>{folder}/patched", REBOOT=str(folder / "needs-reboot")
            ),
        },
        "certificate-expiry": {
            "web servers": {"targetFilter": WEB_AND_DB},
            "look at them": given(FILES=f"{certificates}/*.pem", SERVERS="", DAYS="30"),
        },
        "log-collection": {
            "all Linux targets": {"targetFilter": ALL},
            "pack": given(LOGS=f"{folder}/*.log /nowhere.log"),
            "remove": given(),
        },
        "file-distribution": {
            "all Linux targets": {"targetFilter": WEB_AND_DB},
            "put in place": {"path": str(folder / "motd")},
            "check": given(
                FILE=str(folder / "motd"),
                CHECK=f"grep -q OpsConductor {folder}/motd && test ! -e {folder}/refuse",
                RELOAD=f"touch {folder}/reloaded",
            ),
        },
        "service-remediation": {
            "web servers": {"targetFilter": WEB_AND_DB},
            "is it well?": look,
            "repair": given(SERVICE=str(marker), REPAIR="touch"),
            "give it time": {"amount": "1"},
            "well now?": look,
        },
        "nightly-report": {"all Linux targets": {"targetFilter": ALL}},
    }


def _used(admin: httpx.Client, template_id: str) -> str:
    answer = admin.post(f"/api/v3/workflow-templates/{template_id}/use", json={})
    assert answer.status_code == 201, answer.text
    assert answer.json()["missing"] == []
    return str(answer.json()["flow_id"])


def _taken_over(admin: httpx.Client, tabs: set[str]) -> dict[str, Any]:
    """Return the flows of Node-RED, once these tabs are among them; all are disabled."""
    deadline = time.monotonic() + 20
    while True:
        found = admin.get("/nodered/flows", headers=V2).json()
        mine = [node for node in found["flows"] if node["id"] in tabs]
        if len(mine) == len(tabs):
            assert all(node["disabled"] for node in mine)
            return dict(found)
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _wait_for(admin: httpx.Client, inject: str) -> None:
    """Wait until Node-RED runs what was deployed: it answers a deploy before."""
    deadline = time.monotonic() + 20
    while f'"{inject}"' not in admin.get("/nodered/flows").text or not _started(admin):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _started(admin: httpx.Client) -> bool:
    return admin.get("/nodered/flows/state").json()["state"] == "start"


def test_a_disk_check_tells_what_is_full_and_what_is_out_of_reach(tabs: Tabs) -> None:
    tabs.run("disk-check")
    told = tabs.told("disk-check")

    assert set(told) == {
        "Disks of 5 targets are getting full",
        "Disks of 1 targets are nearly full, or out of reach",
    }
    assert all(name in told["Disks of 5 targets are getting full"] for name in UP)
    assert DOWN in told["Disks of 1 targets are nearly full, or out of reach"]


def test_a_rolling_restart_goes_in_waves_and_is_written_down(tabs: Tabs) -> None:
    run = tabs.run("rolling-restart")
    executions = tabs.admin.get("/api/v3/executions", params={"flow_id": run["flow_id"]}).json()["items"]

    assert tabs.told("rolling-restart")["Restarted on 3 targets"].startswith("Restarted: ")
    assert tabs.noted("rolling-restart") == ["flow.change.planned", "flow.change.applied"]
    assert [(e["status"], e["target_count"]) for e in executions] == [("completed", 3)]


def test_patching_leaves_out_what_is_not_well_and_tells_who_needs_a_reboot(tabs: Tabs, folder: Path) -> None:
    tabs.run("patching-canary")
    told = tabs.told("patching-canary")
    assert set(told) == {"5 targets are patched", "1 targets were left out of patching"}
    assert all(name in told["5 targets are patched"] for name in UP)
    assert told["1 targets were left out of patching"].startswith(DOWN)
    assert (folder / "patched").read_text() == "patched\n" * 5
    assert tabs.noted("patching-canary") == ["flow.change.applied"]

    (folder / "needs-reboot").touch()
    tabs.run("patching-canary")
    told = tabs.told("patching-canary")
    assert told["5 targets need a reboot"].startswith("Patched, and waiting for a reboot: demo-")


def test_certificates_that_end_soon_or_can_not_be_read_are_told(tabs: Tabs, certificates: Path) -> None:
    tabs.run("certificate-expiry")
    [(title, body)] = tabs.told("certificate-expiry").items()
    assert title == "Certificates on 3 targets end soon"
    assert f"{certificates}/soon.pem: ENDS" in body
    assert f"{certificates}/later.pem: good until" in body

    (certificates / "broken.pem").write_text("no certificate\n")
    tabs.run("certificate-expiry")
    body = tabs.told("certificate-expiry")["Certificates on 3 targets can't be looked at"]
    assert f"{certificates}/broken.pem: no certificate can be read" in body


def test_logs_are_brought_into_the_files_and_removed_from_the_targets(tabs: Tabs, folder: Path) -> None:
    (folder / "app.log").write_text("all is well\n")
    tabs.run("log-collection", status="failed")  # of the target that is out of reach
    told = tabs.told("log-collection")
    files = tabs.admin.get("/api/v3/files", params={"q": "opsconductor-logs"}).json()["items"]
    content = tabs.admin.get(f"/api/v3/files/{files[0]['id']}/content").content

    assert told["Logs of 5 targets are collected"] == "You find 5 archives under Files."
    assert told["No logs of 1 targets"].startswith(f"{DOWN}: unreachable")
    assert len(files) == 5
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert [Path(name).name for name in archive.getnames()] == ["app.log"]
    assert not (Path.home() / "opsconductor-logs.tar.gz").exists()
    assert tabs.noted("log-collection") == ["flow.data.exported"]


def test_a_file_is_put_in_place_and_goes_aside_where_it_is_no_good(tabs: Tabs, folder: Path) -> None:
    tabs.run("file-distribution")
    assert tabs.told("file-distribution")["A file is in place on 3 targets"].startswith("It is in place on: ")
    assert (folder / "motd").read_text() == "This machine is looked after by OpsConductor.\n"
    assert (folder / "reloaded").exists()
    assert tabs.noted("file-distribution") == ["flow.change.applied"]

    (folder / "refuse").touch()
    tabs.run("file-distribution", status="failed")
    told = tabs.told("file-distribution")
    assert "demo-web-1: failed" in told["A file is not in place on 3 targets"]
    assert not (folder / "motd").exists()
    assert (folder / "motd.refused").exists()


def test_a_service_that_does_not_answer_is_repaired(tabs: Tabs, service: tuple[str, Path]) -> None:
    _, marker = service
    tabs.run("service-remediation")
    assert marker.exists()
    assert list(tabs.told("service-remediation")) == ["A service was repaired on 3 targets"]
    assert tabs.noted("service-remediation") == ["flow.change.applied"]

    tabs.run("service-remediation")  # now all is well
    assert len(tabs.told("service-remediation")) == 1


def test_a_nightly_report_has_a_line_for_each_target(tabs: Tabs) -> None:
    tabs.run("nightly-report")
    report = tabs.told("nightly-report")["Report of the night"]

    assert report.startswith("6 targets, of which 1 gave no answer\n\ndemo-offline: unreachable\n")
    assert len([line for line in report.splitlines() if "memory" in line]) == 5
    assert tabs.noted("nightly-report") == ["flow.workflow.completed"]
