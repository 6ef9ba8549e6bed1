from ipaddress import IPv4Address, IPv4Network

from labyard.engines.firewall import Firewall, neighbours, rules
from labyard.engines.host import hub_address

BLOCK = IPv4Network("10.177.0.0/16")
WALL = Firewall("labyard", BLOCK, IPv4Address("10.177.255.254"), 8081)


def test_the_hub_has_the_last_usable_address_of_the_block() -> None:
    assert hub_address(BLOCK) == WALL.hub_address
    assert hub_address(IPv4Network("192.168.4.0/22")) == IPv4Address("192.168.7.254")


def test_the_rules_read_from_top_to_bottom() -> None:
    refuse = "-j REJECT --reject-with icmp-admin-prohibited"
    known = "-m conntrack --ctstate RELATED,ESTABLISHED"
    assert rules(WALL).splitlines() == [
        "*filter",
        ":LY-IN-labyard - [0:0]",
        ":LY-FWD-labyard - [0:0]",
        "-A LY-IN-labyard -i lo -j RETURN",
        f"-A LY-IN-labyard {known} -j ACCEPT",
        "-A LY-IN-labyard -s 10.177.0.0/16 -d 10.177.255.254/32 -p tcp --dport 8081"
        " -m connlimit --connlimit-above 100 --connlimit-mask 32 --connlimit-saddr"
        " -j REJECT --reject-with tcp-reset",
        "-A LY-IN-labyard -s 10.177.0.0/16 -d 10.177.255.254/32 -p tcp --dport 8081 -j ACCEPT",
        f"-A LY-IN-labyard {refuse}",
        "-A LY-FWD-labyard -m physdev --physdev-is-bridged -j RETURN",
        f"-A LY-FWD-labyard {known} -j RETURN",
        f"-A LY-FWD-labyard -d 10.177.0.0/16 {refuse}",
        f"-A LY-FWD-labyard -s 10.177.0.0/16 -d 169.254.0.0/16 {refuse}",
        f"-A LY-FWD-labyard -s 10.177.0.0/16 -d 100.100.100.200/32 {refuse}",
        f"-A LY-FWD-labyard -s 10.177.0.0/16 -d 168.63.129.16/32 {refuse}",
        f"-A LY-FWD-labyard -s 10.177.0.0/16 -m conntrack --ctstate DNAT {refuse}",
        "COMMIT",
    ]


def test_without_internet_nothing_is_passed_on() -> None:
    closed = rules(Firewall("labyard", BLOCK, WALL.hub_address, 8081, internet=False))
    added = set(closed.splitlines()) - set(rules(WALL).splitlines())
    assert added == {
        "-A LY-FWD-labyard -s 10.177.0.0/16 -j REJECT --reject-with icmp-admin-prohibited"
    }


def test_chain_names_fit_for_the_longest_installation() -> None:
    wall = Firewall("a" * 20, BLOCK, WALL.hub_address, 1)
    assert max(len(wall.to_host), len(wall.through_host)) <= 28
    assert wall.to_host != wall.through_host


def test_another_installation_on_the_same_block_is_seen() -> None:
    saved = """*filter
-A INPUT -s 10.177.0.0/16 -j LY-IN-labyard
-A INPUT -d 10.177.255.254/32 -j LY-IN-labyard
-A INPUT -s 10.177.16.0/20 -j LY-IN-inside
-A INPUT -s 10.0.0.0/8 -j LY-IN-around
-A INPUT -s 10.178.0.0/16 -j LY-IN-beside
-A INPUT -s 10.177.0.0/16 -j DROP
COMMIT
"""
    assert neighbours(WALL, saved) == ["around", "inside"]
