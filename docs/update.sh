#!/usr/bin/env bash
# Makes the files in assets from the npm package swagger-ui-dist. The same
# version gives the same bytes. To take another version: change the two lines
# below, run this script, then the tests.
set -euo pipefail
cd "$(dirname "$0")"

version=5.35.0
sha256=1b8e891893404ea4c3558b6a87e2a3e494e7eedba41168c2ece5800a391a6ea6

package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
archive=$(npm pack --silent --pack-destination "$package" "swagger-ui-dist@$version")
echo "$sha256  $package/$archive" | sha256sum --check --quiet
tar -xzf "$package/$archive" -C "$package" --strip-components=1

rm -rf assets
mkdir assets
# Go compresses: gzip programs differ from each other.
go run compress.go "$package/swagger-ui-bundle.js" assets/swagger-ui.js.gz
go run compress.go "$package/swagger-ui.css" assets/swagger-ui.css.gz
# What the licences ask for goes along: of Swagger UI, and of what it bundles.
cp "$package/LICENSE" "$package/NOTICE" assets/
cp "$package/swagger-ui-bundle.js.LICENSE.txt" assets/LICENSES-bundled.txt
chmod 644 assets/*
(cd assets && sha256sum -- *) >checksums.txt
