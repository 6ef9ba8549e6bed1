#!/bin/sh
# Installs the Debian packages named, those that are missing only: packages.sh haproxy docker.io
set -eu

missing=
for package in "$@"; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "✘ Missing Debian packages:$missing" >&2
    echo "  Run as root: apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "· Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
# Packages that start services at once must not: the tests start what they need themselves.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086  # a list on purpose
apt-get install -y -qq --no-install-recommends $missing >.build/apt.log 2>&1 || {
    tail -25 .build/apt.log >&2
    exit 1
}
echo "✔ Debian packages"
