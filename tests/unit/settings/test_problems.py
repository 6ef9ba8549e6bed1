"""What a person reads who got a setting wrong: the exact text, all of it at once."""

from pathlib import Path

import pytest

from labyard.settings.schema import Settings
from tests.unit.settings.conftest import Site

PORT = "a whole number from 1 to 65535"
SIZE = "a size such as 512M, 4G or a number of bytes"
IMAGE = "the name of an image such as labyard/lab:latest of at most 255 characters"
TOP = sorted(Settings.model_fields)
LISTED = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        # Names that are not there.
        ("edge: {prot: 1}", "edge.prot: there is no such setting; did you mean edge.port?"),
        ("edgee: {port: 1}", "edgee: there is no such setting; did you mean edge?"),
        ("memory: 4G", "memory: there is no such setting; did you mean labs.memory?"),
        (
            "edge.port: 9000",
            "edge.port: there is no such setting; write edge: {port: …} instead.",
        ),
        (
            "network: {bogus: 1}",
            "network.bogus: there is no such setting; here are block, firewall, internet, prefix.",
        ),
        (
            "volumes: [{name: a, target: /a, tarjet: /b}]",
            "volumes[0].tarjet: there is no such setting; did you mean volumes[0].target?",
        ),
        ("no: 1", f"no: there is no such setting; here are {', '.join(TOP)}."),
        # Numbers.
        ("edge: {port: 99999}", f"edge.port: 99999 is not allowed; it must be {PORT}."),
        ("edge: {port: 0}", f"edge.port: 0 is not allowed; it must be {PORT}."),
        ("edge: {port: -1}", f"edge.port: -1 is not allowed; it must be {PORT}."),
        ("edge: {port: yes}", f"edge.port: true is not allowed; it must be {PORT}."),
        ("edge: {port: '80'}", f'edge.port: "80" is not allowed; it must be {PORT}.'),
        ("edge: {port: 80.5}", f"edge.port: 80.5 is not allowed; it must be {PORT}."),
        ("edge: {port: 1:30}", f'edge.port: "1:30" is not allowed; it must be {PORT}.'),
        ("edge: {port: [80]}", f"edge.port: [80] is not allowed; it must be {PORT}."),
        ("edge: {port: null}", f"edge.port: null is not allowed; it must be {PORT}."),
        ("labs: {cpu: .nan}", "labs.cpu: NaN is not allowed; it must be a finite number."),
        ("labs: {cpu: .inf}", "labs.cpu: Infinity is not allowed; it must be a finite number."),
        (
            "labs: {cpu: -2}",
            "labs.cpu: -2 is not allowed; it must be a number from 0.01 to 4096, or null.",
        ),
        (
            "labs: {cpu: true}",
            "labs.cpu: true is not allowed; it must be a number from 0.01 to 4096, or null.",
        ),
        (
            "labs: {hardening: {pids: 5}}",
            "labs.hardening.pids: 5 is not allowed; it must be a whole number from 32 to 1000000.",
        ),
        # Units.
        ("labs: {memory: 4Q}", f'labs.memory: "4Q" is not allowed; it must be {SIZE}.'),
        ("labs: {memory: -4G}", f'labs.memory: "-4G" is not allowed; it must be {SIZE}.'),
        ("labs: {memory: 60s}", f'labs.memory: "60s" is not allowed; it must be {SIZE}.'),
        ("labs: {memory: .nan}", f"labs.memory: NaN is not allowed; it must be {SIZE}."),
        ("labs: {shm: 0}", f"labs.shm: 0 is not allowed; it must be {SIZE}, above 0."),
        (
            "engine: {timeout: 4G}",
            'engine.timeout: "4G" is not allowed; it must be a duration such as 30s, 5m, 8h or a'
            " number of seconds.",
        ),
        (
            "engine: {timeout: 9999d}",
            'engine.timeout: "9999d" is not allowed; it must be a duration such as 30s, 5m, 8h or a'
            " number of seconds, above 0 and at most 3650d.",
        ),
        # Words.
        (
            "edge: {proxy: haprxy}",
            'edge.proxy: "haprxy" is not allowed; it must be one of auto, haproxy, chp.'
            " Did you mean haproxy?",
        ),
        (
            "hub: {log_level: debug}",
            'hub.log_level: "debug" is not allowed; it must be one of DEBUG, INFO, WARNING, ERROR.'
            " Did you mean DEBUG?",
        ),
        (
            "naming: pitt",
            'naming: "pitt" is not allowed; it must be one of labyard, stellars.',
        ),
        (
            "auth: {sign_up: 1}",
            "auth.sign_up: 1 is not allowed; it must be true or false.",
        ),
        (
            "site: {name: 5}",
            "site.name: 5 is not allowed; it must be one line of text of at most 40 characters,"
            " in quotes.",
        ),
        (
            'site: {name: "a\\nb"}',
            'site.name: "a\\nb" is not allowed; it must be one line of printable text.',
        ),
        (
            "installation: My-Hub",
            'installation: "My-Hub" is not allowed; it must be 1 to 20 lower-case letters and'
            " digits that begin with a letter.",
        ),
        # Addresses and paths.
        (
            "edge: {address: 999.1.1.1}",
            'edge.address: "999.1.1.1" is not allowed; it must be an IP address or a host name.',
        ),
        (
            "external_url: labs.example.org",
            'external_url: "labs.example.org" is not allowed; it must be an address such as'
            " https://labs.example.org, or empty.",
        ),
        (
            "base_url: /a/../b",
            'base_url: "/a/../b" is not allowed; it must be a path such as /jupyterhub of letters,'
            " digits and . _ ~ -.",
        ),
        (
            "network: {block: 8.8.0.0/16}",
            'network.block: "8.8.0.0/16" is not allowed; it must be a block such as 10.177.0.0/16'
            f" within {LISTED}.",
        ),
        (
            "volumes: [{name: a, target: ../a}]",
            'volumes[0].target: "../a" is not allowed; it must be an absolute path without \'..\'.',
        ),
        # Groups, lists and mappings.
        ("edge: 5", "edge: must be a mapping of settings; it is a number."),
        ("volumes: [5]", "volumes[0]: 5 is not allowed; it must be a mapping of settings."),
        (
            "volumes: [{name: a}]",
            "volumes[0].target: is missing; it must be an absolute path without '..'.",
        ),
        (
            "labs: {images: a}",
            f'labs.images: "a" is not allowed; it must be a list, each item {IMAGE}.',
        ),
        ("labs: {images: [a, '']}", f'labs.images[1]: "" is not allowed; it must be {IMAGE}.'),
        (
            "labs: {environment: {OMP: 4}}",
            "labs.environment.OMP: 4 is not allowed; it must be text, in quotes.",
        ),
        (
            "labs: {environment: {1x: a}}",
            'labs.environment.1x: "1x" is not allowed; it must consist of letters, digits and _,'
            " and not begin with a digit.",
        ),
        (
            "labs: {environment: {JUPYTERHUB_API_URL: a}}",
            'labs.environment.JUPYTERHUB_API_URL: "JUPYTERHUB_API_URL" is not allowed; it must not'
            " begin with JUPYTERHUB_ or JPY_ or LABYARD_: those are the hub's own.",
        ),
        # Settings that do not go together.
        (
            "hub: {port: 8000}",
            "edge.port and hub.port are both 8000; each needs a port of its own.",
        ),
        (
            "volumes: [{name: a, target: /a}, {name: a, target: /b}]",
            "volumes: the name a is given 2 times.",
        ),
        (
            "volumes: [{name: a, target: /a}, {name: b, target: //a/}]",
            "volumes: the target /a is given 2 times.",
        ),
        (
            "network: {block: 10.1.0.0/28}",
            "network.prefix is 28; it must be longer than that of network.block, 10.1.0.0/28.",
        ),
        (
            "edge: {trusted_proxies: [10.0.0.0/8]}",
            "edge.trusted_proxies has 10.0.0.0/8, and network.block is 10.177.0.0/16; labs must not"
            " be trusted.",
        ),
        (
            "edge: {trusted_proxies: [10.1.2.3, 0.0.0.0/0]}",
            'edge.trusted_proxies[1]: "0.0.0.0/0" is not allowed; it must be an IP address or a'
            " network such as 10.1.2.0/24; 0.0.0.0/0 is every address there is.",
        ),
        (
            "auth: {oidc: [{key: sso, client_id: a, client_secret_file: b}]}",
            "auth.oidc: sso has no issuer, which the preset oidc needs.",
        ),
        (
            "auth: {oidc: [{key: sso, preset: github, client_id: a, client_secret_file: b,"
            " groups_claim: '', admin_group: c}]}",
            "auth.oidc: sso has an admin_group, which needs a groups_claim.",
        ),
        (
            "auth: {oidc: [{key: ldap, preset: github, client_id: a, client_secret_file: b}]}",
            "auth.oidc: the key ldap is that of another way; choose another one.",
        ),
        (
            "auth: {oidc: [{key: sso, issuer: 'http://sso.example.org', client_id: a,"
            " client_secret_file: b}]}",
            "auth.oidc[0].issuer: \"http://sso.example.org\" is not allowed; it must be an https:// address,"
            " or empty; plain http:// only on this machine's own loopback.",
        ),
        (
            "auth: {header: {name: Remote-User}}",
            "auth.header.name is Remote-User, which needs the proxy that sets it in"
            " edge.trusted_proxies.",
        ),
        (
            "{auth: {header: {name: Cn}}, edge: {proxy: chp, trusted_proxies: [10.1.2.3]}}",
            "auth.header.name is Cn, but edge.proxy is chp, which cannot take that header off what"
            " others send; set edge.proxy to haproxy.",
        ),
        (
            "{auth: {header: {name: Cn}}, edge: {trusted_proxies: [10.1.2.3]}, engine: {kind: local}}",
            "auth.header.name is Cn, but engine.kind is local: labs are programs of this host, as the"
            " proxy may be, and could set that header; use docker or podman.",
        ),
        (
            "auth: {header: {name: Cookie}}",
            'auth.header.name: "Cookie" is not allowed; it must not be a header that every request may'
            " carry.",
        ),
        (
            "auth: {header: {required_role: x}}",
            "auth.header: role_header and required_role need each other.",
        ),
        (
            "auth: {ldap: {server: 'ldaps://x.example.org'}}",
            "auth.ldap: give one of bind_dn and user_dn.",
        ),
        (
            "auth: {ldap: {server: 'ldaps://x.example.org', bind_dn: cn=a, user_base: dc=b}}",
            "auth.ldap: bind_dn and bind_password_file need each other.",
        ),
        (
            "auth: {ldap: {server: 'ldaps://x.example.org', user_dn: 'uid={user},dc=b'}}",
            "auth.ldap: user_dn needs {username} in it, once, and no other braces.",
        ),
        (
            "auth: {ldap: {server: 'ldap://x.example.org', user_dn: 'uid={username}',"
            " start_tls: false}}",
            "auth.ldap: start_tls is false, but server is another machine.",
        ),
        (
            "auth: {ldap: {server: 'ldap://a', user_dn: 'uid={username}', admin_group: b}}",
            "auth.ldap: groups and admin_group need a group_base to look for them in.",
        ),
        (
            "auth: {ldap: {server: 'http://x.example.org'}}",
            'auth.ldap.server: "http://x.example.org" is not allowed; it must be an address such as'
            " ldaps://ldap.example.org or ldap://ldap.example.org:389, or empty.",
        ),
        (
            "auth: {blocked: [admin]}",
            "auth.blocked has admin, the first administrator.",
        ),
        (
            "auth: {admin: a@b.org}",
            "auth.admin is a@b.org; such a name needs auth.email_names.",
        ),
        (
            "installation: jupyterhub",
            "installation is jupyterhub; the naming scheme stellars uses that name.",
        ),
        # YAML itself.
        ("edge: {port: 1, port: 2}", "edge.port: is given twice; the first is on line 1."),
        ("edge: {port: 1", "is not YAML: expected ',' or '}', but got '<stream end>'."),
        ("a: &a [*a]", "a[0]: an alias contains itself."),
        ("edge: {[1]: 2}", "edge: a key must be text."),
        ("edge: !!int x", "edge: does not fit its tag."),
    ],
)  # fmt: skip
def test_what_is_said(site: Site, written: str, said: str) -> None:
    assert f"labyard.yaml:1: {said}" in site.problems(written)


def test_yaml_makes_no_python_objects(site: Site) -> None:
    (problem,) = site.problems("edge: !!python/name:os.system x")
    assert problem.startswith("labyard.yaml:1: is not YAML: could not determine a constructor for")


@pytest.mark.parametrize(
    "block",
    ["0.0.0.0/0", "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "10.0.0.0/7"],
)
def test_users_networks_are_private_ones(site: Site, block: str) -> None:
    assert any(
        "network.block" in problem for problem in site.problems(f"network: {{block: {block}}}")
    )


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/proc",
        "/proc/1",
        "/sys/fs",
        "/dev/shm",
        "/run/labyard",
        "/run",
        "/etc",
        "/usr",
        "/tmp",
    ],
)
def test_a_volume_hides_nothing_of_the_system(site: Site, target: str) -> None:
    (problem,) = site.problems(f"volumes: [{{name: a, target: {target}}}]")
    assert problem == (
        f'labyard.yaml:1: volumes[0].target: "{target}" is not allowed; it must be a directory that'
        " is not one of the system's."
    )


def test_everything_is_told_at_once_with_its_own_place(site: Site) -> None:
    site.write("edge:\n  port: 99999\nlabs: {memory: 4Q}\n", "conf.d/10-a.yaml")
    site.write("edge:\n\tport: 1\n", "conf.d/20-b.yaml")
    site.write("- 1\n", "conf.d/30-c.yaml")
    problems = site.problems(
        """\
        edge:
          prot: 80
        volumes:
        - {name: a, target: /a}
        - {name: a, target: /b}
        hub:
          port: 8082
        """,
        {"LABYARD_AUTH__MIN_PASSWORD": "5", "LABYARD_EDGE__PROT": "1"},
    )
    assert problems == [
        "conf.d/20-b.yaml:2: is not YAML: found character '\\t' that cannot start any token.",
        "conf.d/30-c.yaml: must be a mapping of settings; it is a list.",
        "LABYARD_EDGE__PROT: there is no such setting; did you mean LABYARD_EDGE__PORT?",
        f"conf.d/10-a.yaml:2: edge.port: 99999 is not allowed; it must be {PORT}.",
        "labyard.yaml:2: edge.prot: there is no such setting; did you mean edge.port?",
        f'conf.d/10-a.yaml:3: labs.memory: "4Q" is not allowed; it must be {SIZE}.',
        "LABYARD_AUTH__MIN_PASSWORD: auth.min_password: 5 is not allowed; it must be a whole number"
        " from 8 to 128.",
        "labyard.yaml:7: hub.port and hub.service_port are both 8082; each needs a port of its own.",
        "labyard.yaml:3: volumes: the name a is given 2 times.",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "hub: {database: 'mysql://u:hunter2@h/x'}",
        "hub: 'postgresql://u:hunter2@h/x'",
        "hub: {databse: 'postgresql://u:hunter2@h/x'}",
        "hub: {database: [hunter2]}",
        "hub: {database: {hunter2: 1}}",
        "hub: {database: 'hunter2",
        "hub:\n\tdatabase: hunter2",
        "database: hunter2",
    ],
)
def test_a_secret_is_never_repeated(site: Site, written: str) -> None:
    assert "hunter2" not in "\n".join(site.problems(written))


def test_two_secrets_that_differ_are_not_repeated(site: Site) -> None:
    both = {
        "JUPYTERHUB_DB_URL": "postgresql://u:hunter2@h/x",
        "LABYARD_HUB__DATABASE": "postgresql://u:hunter3@h/x",
    }
    assert site.problems("", both) == [
        "JUPYTERHUB_DB_URL and LABYARD_HUB__DATABASE: hub.database: they set it to two values;"
        " keep one of them."
    ]


def test_a_long_value_is_cut(site: Site) -> None:
    (problem,) = site.problems(f"edge: {{port: {'9' * 3000}}}")
    assert len(problem) < 200


def test_a_file_that_cannot_be_read_is_said_so(site: Site) -> None:
    site.file.mkdir()
    assert site.problems() == ["labyard.yaml: cannot be read: Is a directory."]


def test_a_file_that_is_no_text_is_said_so(site: Site) -> None:
    Path(site.file).write_bytes(b"edge: \xff\xfe\x00")
    assert site.problems() == ["labyard.yaml: is not text in UTF-8."]
