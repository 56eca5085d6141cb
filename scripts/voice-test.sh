#!/usr/bin/env bash
# Calls with the built-in voice, which scripts/test.sh leaves out: lints, the Rust tests of what serves them, its models and
# what they make of speech, and a browser that talks. What it is given goes to the browser tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-tools.sh voice

export VOICE_MODELS_DIR=${VOICE_MODELS_DIR:-$PWD/target/voice-models}
with_voice=(--workspace --features kuzushi-server/voice)
cargo build "${with_voice[@]}" --all-targets
cargo clippy "${with_voice[@]}" --all-targets -- -D warnings
# Without a folder of models: whether there are any is what some of these tests set up themselves.
env --unset VOICE_MODELS_DIR cargo test "${with_voice[@]}" --no-fail-fast
target/debug/kuzushi voice fetch
cargo test "${with_voice[@]}" --lib --test models -- --ignored
npx playwright test --config e2e/voice/playwright.config.ts "$@"
