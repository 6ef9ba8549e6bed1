"""``labyard doctor`` on a real installation: well, and each part broken in turn."""

import json
import socket
import subprocess

import pytest

from tests.tools.yard import Yard


@pytest.fixture(scope="module")
def patient(make_yard) -> Yard:
    place = make_yard()
    place.up()
    return place


def findings(place: Yard, state: str) -> dict[str, str]:
    told = json.loads(place.labyard("doctor", "--json", check=False).stdout)
    return {f["about"]: f["sentence"] for f in told if f["state"] == state}


def test_a_healthy_place(patient):
    done = patient.labyard("doctor", check=False)
    assert findings(patient, "fail") == {}, done.stdout
    assert done.returncode == 0
    well = findings(patient, "ok")
    assert {"engine", "engine api", "lab image", "clock", "database", "secrets", "hub"} <= set(well)
    assert "WAL" in well["database"]


def test_an_open_secret_is_found(patient):
    secret = patient.data / "secrets/cookie"
    secret.chmod(0o644)
    try:
        assert "cookie" in findings(patient, "fail")["secrets"]
        assert patient.labyard("doctor", check=False).returncode == 1
    finally:
        secret.chmod(0o600)


def test_an_open_data_directory_is_found(patient):
    patient.data.chmod(0o755)
    try:
        assert "read by others" in findings(patient, "fail")["data directory"]
    finally:
        patient.data.chmod(0o700)


def test_a_missing_image_is_found(patient):
    told = patient.labyard("doctor", "--json", check=False, LABYARD_LABS__IMAGE="no/such:image")
    assert any(f["about"] == "lab image" and f["state"] == "fail" for f in json.loads(told.stdout))


def test_a_name_that_does_not_resolve_is_found(patient):
    told = patient.labyard(
        "doctor", "--json", check=False, LABYARD_EXTERNAL_URL="https://nowhere.invalid"
    )
    found = [f for f in json.loads(told.stdout) if f["about"] == "dns"]
    assert any(f["state"] == "warn" and "nowhere.invalid" in f["sentence"] for f in found)


def test_a_stopped_engine_is_found(patient):
    choices = patient.data / "choices.json"
    before = choices.read_text()
    choices.write_text(json.dumps({**json.loads(before), "socket": "unix:///nowhere/docker.sock"}))
    try:
        assert "engine" in findings(patient, "fail")
    finally:
        choices.write_text(before)


def test_a_port_of_somebody_else_and_a_hub_that_hangs(patient):
    pid = patient.pid("hub")
    subprocess.run(["kill", "-STOP", str(pid)], check=True)
    try:
        assert "does not answer" in findings(patient, "fail")["hub"]
    finally:
        subprocess.run(["kill", "-CONT", str(pid)], check=True)
    patient.down()
    port = patient.settings["edge"]["port"]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        assert "is in use by" in findings(patient, "fail")[f"port {port}"]
    patient.up()
