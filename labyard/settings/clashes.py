"""Settings that are good one by one and not together: each function yields what clashes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, ip_address, ip_network
from itertools import combinations
from urllib.parse import urlsplit

from labyard.core.names import Scheme
from labyard.settings.groups import GroupSettings
from labyard.settings.profiles import Profile
from labyard.settings.section import Clash


def shared_ports(ports: Mapping[str, int]) -> Iterator[Clash]:
    """Yield ports that two settings give."""
    for one, other in combinations(ports, 2):
        if ports[one] == ports[other]:
            sentence = f"{one} and {other} are both {ports[one]}; each needs a port of its own"
            yield (one, other), sentence


def given_twice(where: str, what: str, values: Sequence[object]) -> Iterator[Clash]:
    """Yield values that may be given once and are given more often."""
    for value, times in Counter(map(str, values)).items():
        if times > 1:
            yield (where,), f"{where}: the {what} {value} is given {times} times"


def elsewhere(external_url: str, base_url: str) -> Iterator[Clash]:
    """Yield what would make people ask for another path than the hub serves."""
    path = urlsplit(external_url).path.strip("/")
    if path and path != base_url.strip("/"):
        yield (
            ("external_url", "base_url"),
            f"external_url ends in /{path}, but base_url is {base_url}; give no path or that one",
        )


def nameless(external_url: str, *, subdomains: bool) -> Iterator[Clash]:
    """Yield what would leave labs without host names of their own."""
    host = urlsplit(external_url).hostname or ""
    if subdomains and not _takes_names_below(host):
        yield (
            ("edge.subdomains", "external_url"),
            "edge.subdomains is true, which needs an external_url with a host name that takes names"
            f" below it, such as https://hub.example.org; its host is {host or 'empty'}",
        )


def _takes_names_below(host: str) -> bool:
    """Return whether ``host`` is a name with a dot in it, and no address."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host.strip(".")
    return False


def trusted_labs(proxies: Sequence[str], labs: IPv4Network) -> Iterator[Clash]:
    """Yield what would have labs say who somebody is."""
    for proxy in map(ip_network, proxies):
        if isinstance(proxy, IPv4Network) and proxy.overlaps(labs):
            yield (
                ("edge.trusted_proxies", "network.block"),
                f"edge.trusted_proxies has {proxy}, and network.block is {labs}; labs must not be trusted",
            )


def unproxied(header: str, proxies: Sequence[str], *, proxy: str, engine: str) -> Iterator[Clash]:
    """Yield what would let anybody say who they are where a ``header`` says it."""
    if not header:
        return
    if not proxies:
        yield (
            ("auth.header.name", "edge.trusted_proxies"),
            f"auth.header.name is {header}, which needs the proxy that sets it in edge.trusted_proxies",
        )
    if proxy == "chp":
        yield (
            ("auth.header.name", "edge.proxy"),
            f"auth.header.name is {header}, but edge.proxy is chp, which cannot take that header off"
            " what others send; set edge.proxy to haproxy",
        )
    if engine == "local":
        yield (
            ("auth.header.name", "engine.kind"),
            f"auth.header.name is {header}, but engine.kind is local: labs are programs of this host,"
            " as the proxy may be, and could set that header; use docker or podman",
        )


def borrowed_names(installation: str, naming: Scheme) -> Iterator[Clash]:
    """Yield what would give this installation's volumes the names of another's."""
    if naming is Scheme.LABYARD and installation in {"jupyterlab", "jupyterhub"}:
        yield (
            ("installation", "naming"),
            f"installation is {installation}; the naming scheme stellars uses that name",
        )


def unknown_profiles(
    groups: Sequence[GroupSettings], profiles: Sequence[Profile]
) -> Iterator[Clash]:
    """Yield profiles that a group names and nobody declares."""
    there = {profile.name for profile in profiles}
    for group in groups:
        for name in sorted(set(group.profiles or ()) - there):
            known = ", ".join(sorted(there)) or "none"
            yield (
                ("groups", "labs.profiles"),
                f"groups: {group.name} names the profile {name}; in labs.profiles are {known}",
            )
