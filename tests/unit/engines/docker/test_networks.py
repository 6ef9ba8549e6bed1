from ipaddress import IPv4Address, IPv4Network

from labyard.engines.docker.networks import free_address, free_subnet, routes, subnets

BLOCK = IPv4Network("10.177.0.0/16")
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0100A8C0	0003	0	0	0	00000000	0	0	0
eth0	0000A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	0000B10A	00000000	0001	0	0	0	0000FFFF	0	0	0
"""


def nets(*texts: str) -> list[IPv4Network]:
    return [IPv4Network(text) for text in texts]


def test_the_lowest_free_subnet_is_given() -> None:
    assert free_subnet(BLOCK, 28, []) == IPv4Network("10.177.0.0/28")
    used = nets("10.177.0.0/28", "10.177.0.32/28", "10.177.0.16/28", "10.177.0.64/28")
    assert free_subnet(BLOCK, 28, used) == IPv4Network("10.177.0.48/28")


def test_a_freed_subnet_is_given_again() -> None:
    used = nets("10.177.0.0/28", "10.177.0.32/28")
    assert free_subnet(BLOCK, 28, used) == IPv4Network("10.177.0.16/28")


def test_networks_of_any_size_and_place_are_avoided() -> None:
    assert free_subnet(BLOCK, 28, nets("10.177.0.4/30")) == IPv4Network("10.177.0.16/28")
    assert free_subnet(BLOCK, 28, nets("10.177.0.0/20")) == IPv4Network("10.177.16.0/28")
    assert free_subnet(BLOCK, 28, nets("10.177.0.0/25", "10.177.0.64/26")) == IPv4Network(
        "10.177.0.128/28"
    )
    assert free_subnet(BLOCK, 28, nets("10.0.0.0/8")) is None
    assert free_subnet(BLOCK, 28, nets("192.168.0.0/16", "10.178.0.0/16")) == IPv4Network(
        "10.177.0.0/28"
    )


def test_the_last_subnet_is_the_hubs() -> None:
    block = IPv4Network("10.177.0.0/26")
    all_but_last = list(block.subnets(new_prefix=28))[:-1]
    assert free_subnet(block, 28, all_but_last[:-1]) == all_but_last[-1]
    assert free_subnet(block, 28, all_but_last) is None


def test_every_subnet_of_a_block_is_given_once() -> None:
    used: list[IPv4Network] = []
    while (subnet := free_subnet(IPv4Network("10.1.0.0/22"), 28, used)) is not None:
        used.append(subnet)
    assert len(set(used)) == 63


def test_addresses_leave_out_network_gateway_and_broadcast() -> None:
    subnet, taken = IPv4Network("10.177.0.16/29"), set[IPv4Address]()
    while (address := free_address(subnet, taken)) is not None:
        taken.add(address)
    assert sorted(map(str, taken)) == [f"10.177.0.{n}" for n in range(18, 23)]


def test_routes_are_read_without_the_default_one() -> None:
    assert routes(ROUTES) == nets("192.168.0.0/24", "10.177.0.0/16")
    assert routes("") == []


def test_subnets_of_docker_and_podman_are_read_ipv6_and_none_left_out() -> None:
    listed = [
        {"IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}, {"Subnet": "fd00::/64"}]}},
        {"IPAM": {"Config": []}},
        {"IPAM": {"Config": None}},
        {"IPAM": None},
        {},
    ]
    assert subnets(listed) == nets("172.17.0.0/16")
