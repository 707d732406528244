#!/usr/bin/env bash
# Installs the Chromium that the tests of examples/login drive, unless there is
# one. It needs Debian or a relative of it, and the rights to install packages.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null; then
		echo "$(command -v "$name") is there"
		exit 0
	fi
done
if ! command -v apt-get >/dev/null; then
	echo "there is no apt-get here; install chromium by hand" >&2
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -yq --no-install-recommends chromium
command -v chromium
