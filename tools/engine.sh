#!/bin/sh
# Starts a Docker engine where none answers, and waits until it does. Root's work; ends nobody's.
# DOCKERD_ARGS adds options; SOCKET is where it should answer.
set -eu

PATH="$PATH:/usr/sbin:/sbin"
build=$(dirname "$0")/../.build
socket=${SOCKET:-/var/run/docker.sock}
mkdir -p "$build"

answers() { docker -H "unix://$socket" version >/dev/null 2>&1; }

if answers; then exit 0; fi
if [ "$(id -u)" != 0 ]; then
    echo "✘ No Docker engine answers at $socket, and only root may start one." >&2
    exit 1
fi

echo "· Docker engine: starting"
# shellcheck disable=SC2086  # a list on purpose
setsid dockerd -H "unix://$socket" ${DOCKERD_ARGS:-} >"$build/dockerd.log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$build/dockerd.pid"
waited=0
until answers; do
    if [ "$waited" -ge 120 ] || ! kill -0 "$pid" 2>/dev/null; then
        echo "✘ The Docker engine did not come up:" >&2
        tail -20 "$build/dockerd.log" >&2
        exit 1
    fi
    sleep 0.5
    waited=$((waited + 1))
done
echo "✔ Docker engine"
