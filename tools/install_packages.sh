#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages of packages.txt that this machine lacks; asks nothing and does nothing when none is.
set -eu
cd "$(dirname "$0")/.."
missing=""
for package in $(cat packages.txt); do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    case "$status" in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -z "$missing" ] && exit 0
echo "Installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing > /dev/null
