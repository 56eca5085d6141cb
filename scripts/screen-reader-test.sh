#!/usr/bin/env bash
# What a screen reader says of the widget: Orca, on a screen that nobody sees. What it is given goes to the browser tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-tools.sh screen-reader

if [ -z "${ORCA_LOG:-}" ]; then
    ORCA_LOG=$(mktemp)
    export ORCA_LOG
    folder=$(mktemp -d)
    trap 'rm -rf "$folder" "$ORCA_LOG"' EXIT
    mkdir --mode 700 "$folder/home" "$folder/run"
    # A session of its own: settings, bus and screen.
    HOME=$folder/home XDG_RUNTIME_DIR=$folder/run xvfb-run --auto-servernum --server-args='-screen 0 1400x1000x24' \
        dbus-run-session -- "scripts/${0##*/}" "$@"
    exit
fi

/usr/libexec/at-spi-bus-launcher --launch-immediately &
gsettings set org.gnome.desktop.interface toolkit-accessibility true
gsettings set org.gnome.desktop.a11y.applications screen-reader-enabled true
# Without a window manager no window is the active one, and Orca speaks of none.
openbox &
# Into a terminal, since Orca keeps back what it writes to a file.
script --quiet --flush --command 'orca --replace --debug-file=/dev/tty' "$ORCA_LOG" </dev/null >/dev/null 2>&1 &
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    grep --quiet 'Screen reader on' "$ORCA_LOG" && break
    sleep 0.2
done
grep --quiet 'Screen reader on' "$ORCA_LOG" || { echo "kuzushi: Orca does not start; its log is $ORCA_LOG" >&2; exit 1; }
npx playwright test --config e2e/screen-reader/playwright.config.ts "$@"
