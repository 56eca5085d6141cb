#!/usr/bin/env bash
# canary.sh REPORT: what the tests' PostgreSQL servers found in their files after the tests: nothing of what patients
# typed, or this fails. The servers end a moment after the tests do. (There are no metrics and no traces yet.)
set -euo pipefail
report=$1

begun=$(grep -c '^started ' "$report" || true)
[ "$begun" -gt 0 ] || { echo "canary: no PostgreSQL was searched: did the tests run?"; exit 1; }
for _ in $(seq 120); do
    searched=$(grep -c '^searched ' "$report" || true)
    [ "$searched" -lt "$begun" ] || break
    sleep 1
done
grep '^searched ' "$report" || true
if [ "$searched" -lt "$begun" ]; then
    echo "canary: $((begun - searched)) of $begun servers are still not searched after two minutes"
    exit 1
fi
if grep '^found ' "$report"; then
    echo "canary: what patients typed lies unsealed in these files"
    exit 1
fi
