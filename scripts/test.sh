#!/usr/bin/env bash
# Every test, with a summary at the end. Stops at nothing, so that one run shows all that fails.
set -uo pipefail
cd "$(dirname "$0")/.."

results=()
failed=0
log=$(mktemp)
# What failed, in few lines: they stand at the very end, where they are still read when the rest is cut off.
complaints=$(mktemp)
# How tools begin a line about something that failed: Playwright (with what it waited for, and the line), Vitest, cargo test,
# compilers.
COMPLAINT='^ *([0-9]+\)|FAIL|Error:|error|Locator:|> +[0-9]+ \|)|panicked at'
# Here the PostgreSQL of the tests says whether anything that patients typed lies in its files; it has an account of its own.
KUZUSHI_CANARY_REPORT=$(mktemp)
export KUZUSHI_CANARY_REPORT
chmod 666 "$KUZUSHI_CANARY_REPORT"
trap 'rm -f "$log" "$complaints" "$KUZUSHI_CANARY_REPORT"' EXIT

# step NAME COMMAND…: runs it, shows its output, and keeps time and outcome.
step() {
    local name=$1 begin=$SECONDS outcome=passed
    shift
    echo
    echo "==> $name"
    if ! "$@" 2>&1 | tee "$log"; then
        outcome=FAILED
        failed=$((failed + 1))
        echo "$name: $(grep --extended-regexp "$COMPLAINT" "$log" | cut --characters 1-160 | awk '!seen[$0]++' | head -12)" >>"$complaints"
    fi
    results+=("$(printf '%-34s %-7s %4d s' "$name" "$outcome" $((SECONDS - begin)))")
}

need() {
    step "$@"
    if [ "$failed" -gt 0 ]; then
        summary
        exit 1
    fi
}

summary() {
    echo
    echo "==> Summary"
    printf '%s\n' "${results[@]}"
    echo
    echo "$((${#results[@]} - failed)) passed, $failed failed"
    cat "$complaints"
}

# Without these nothing else can run.
need "Tools for the tests" scripts/test-tools.sh
need "Widget bundles" make --no-print-directory bundles
need "Build" cargo build --workspace --all-targets

step "Format" cargo fmt --all --check
step "Lint, page side" npm run --silent lint
step "Types, page side" npm run --silent types
step "Sizes" npm run --silent size
step "Unit tests, page side" npm test --silent
step "Generated wire types" npm run --silent generate -- --check
step "Rust tests, both databases" cargo test --workspace --no-fail-fast
step "Canary in PostgreSQL's files" scripts/canary.sh "$KUZUSHI_CANARY_REPORT"
step "Browser tests" npm run --silent e2e
step "Lint, Rust" cargo clippy --workspace --all-targets -- -D warnings
step "Crates" scripts/deny.sh

summary
[ "$failed" -eq 0 ]
