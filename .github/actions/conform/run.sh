#!/usr/bin/env bash
# Hold an engine to the specification; what to do comes from the environment, one option a variable.
set -euo pipefail

solvent=${SOLVENT:-solvent}
reports=${SOLVENT_REPORTS:-solvent-reports}
mkdir -p "$reports"
rm -f "$reports"/conform.{ndjson,xml,sarif,md,html} "$reports/badge.json"

arguments=(
  "${SOLVENT_ADDRESS:?the address of the engine}"
  --json "$reports/conform.ndjson" --junit "$reports/conform.xml" --sarif "$reports/conform.sarif"
  --markdown "$reports/conform.md" --html "$reports/conform.html" --badge "$reports/badge.json"
  --failures "$reports/failures"
)
for option in profile baseline budget resume jobs; do
  name="SOLVENT_${option^^}"
  if [[ -n "${!name:-}" ]]; then
    arguments+=("--$option" "${!name}")
  fi
done
while IFS= read -r argument; do
  if [[ -n "$argument" ]]; then
    arguments+=("$argument")
  fi
done <<<"${SOLVENT_ARGUMENTS:-}"

code=0
"$solvent" conform "${arguments[@]}" || code=$?
if [[ $code -eq 1 && ! -f "$reports/conform.ndjson" ]]; then
  code=5 # no run ended, so this is no violation: Python itself exits with 1 where a program cannot begin
fi

overall=fault
failures=0
case $code in
  0) overall=passed ;;
  1) overall=violation ;;
  2) overall=usage ;;
  3) overall=adapter ;;
  4) overall=incomplete ;;
esac
if [[ -f "$reports/conform.ndjson" ]]; then
  failures=$(grep -c '^{"event":"failure"' "$reports/conform.ndjson" || true)
fi
if [[ -n "${GITHUB_STEP_SUMMARY:-}" && -f "$reports/conform.md" ]]; then
  cat "$reports/conform.md" >>"$GITHUB_STEP_SUMMARY"
fi
if [[ -n "${GITHUB_OUTPUT:-}" ]]; then
  printf '%s\n' "overall=$overall" "exit-code=$code" "failures=$failures" >>"$GITHUB_OUTPUT"
fi
exit "$code"
