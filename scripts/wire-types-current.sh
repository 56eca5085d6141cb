#!/usr/bin/env bash
# Fails when the page's wire types are not those that openapi.json would give.
set -euo pipefail
committed=packages/widget/src/generated/wire.ts
before=$(cat "$committed")
npm run --silent generate
if [ "$before" != "$(cat "$committed")" ]; then
    echo "kuzushi: $committed was not current: it has been written anew, commit it" >&2
    exit 1
fi
