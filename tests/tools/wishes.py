"""What somebody tries who wants more of a lab than a group grants."""

from __future__ import annotations

from typing import Any

from labyard.policies.book import PRIVILEGED

# What a program in the lab would do that wants to be root on the host.
SOCKET = "/var/run/docker.sock"
PING = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/var/run/docker.sock'); print('in')"

# Every socket that a lab sees, where an engine answers, whom it runs as and with which token.
LOOK = """
import json, os, socket, stat
sockets = []
for top, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(top, f) not in ("/proc", "/sys", "/usr")]
    for name in files:
        path = os.path.join(top, name)
        if name.endswith(".sock") and stat.S_ISSOCK(os.lstat(path).st_mode):
            sockets.append(path)
gateway = next(l.split()[2] for l in open("/proc/net/route") if l.split()[1] == "00000000")
host = ".".join(str(b) for b in reversed(bytes.fromhex(gateway)))
found = []
for address in (host, "172.17.0.1", "127.0.0.1"):
    for port in (2375, 2376, 2377, 8080):
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((address, port)) == 0:
                found.append((address, port))
token = json.load(open("/run/labyard/secrets.json"))["JUPYTERHUB_API_TOKEN"]
groups = sorted({*os.getgroups(), os.getgid()})
print(json.dumps({"sockets": sockets, "open": found, "groups": groups, "token": token}))
"""

# What a request to start a server may not ask for.
WISHES: dict[str, Any] = {
    "docker": "socket",
    "engine": True,
    "socket": SOCKET,
    "mounts": [{"Type": "bind", "Source": SOCKET, "Target": "/tmp/s"}],
    "volumes": {SOCKET: {"bind": "/tmp/s", "mode": "rw"}},
    "binds": [f"{SOCKET}:/tmp/s"],
    "groups": [PRIVILEGED],
    "group_add": ["0"],
    "user": "0:0",
    "privileged": True,
    "cap_add": ["ALL"],
    "hardening": {"no_new_privileges": False},
    "devices": ["/dev/mem"],
    "network_mode": "host",
    "volumes_from": ["other"],
    "extra_host_config": {"binds": [SOCKET]},
    "held": {},
    "Mount": "yes",
}

# In a kernel.
SUDO = "import subprocess; print(subprocess.run([{}], capture_output=True, text=True))"
ROOT = SUDO.format("'sudo', '-n', 'sh', '-c', 'id -u; touch /etc/by-root && rm /etc/by-root'")
BEYOND = SUDO.format(
    "'sudo', '-n', 'sh', '-c', 'mount -t tmpfs x /mnt; mknod /tmp/m b 8 0; ip link add x type dummy;"
    " dmesg; echo 1 > /proc/sys/vm/drop_caches; cat /proc/self/status'"
)
