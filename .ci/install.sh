#!/usr/bin/env bash
# Installs what the tests drive beside Go, unless it is there: a Chromium, and
# Node.js with npm. It needs Debian or a relative of it, and the rights to
# install packages.
set -euo pipefail

wanted=()
have() {
	local name
	for name in "$@"; do
		if command -v "$name"; then
			return 0
		fi
	done
	return 1
}
have chromium chromium-browser google-chrome || wanted+=(chromium)
have node || wanted+=(nodejs)
have npm || wanted+=(npm)
have prlimit || wanted+=(util-linux)
if [ ${#wanted[@]} -eq 0 ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "there is no apt-get here; install by hand: ${wanted[*]}" >&2
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -yq --no-install-recommends "${wanted[@]}"
have chromium chromium-browser google-chrome
have node
have npm
have prlimit
