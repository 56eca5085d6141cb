#!/usr/bin/env bash
# Licences, sources and duplicates of the crates, where cargo-deny is there to look at them.
set -euo pipefail
if command -v cargo-deny >/dev/null; then
    # Advisories need the network, so they are looked at apart: cargo deny check advisories.
    cargo deny --log-level error check bans licenses sources
else
    echo "cargo-deny is not installed, so crates' licences were not checked (cargo install --locked cargo-deny)"
fi
