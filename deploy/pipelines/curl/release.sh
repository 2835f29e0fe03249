#!/usr/bin/env bash
# Releases through a BlueGreen.Gateway with only bash, curl and jq:
#
#   BLUEGREEN_URL=http://127.0.0.1:9090 ./release.sh orders 2.0.0 http://10.0.0.21:8080 http://10.0.0.22:8080
#
# Deploys into the standby slot, waits until it is healthy, checks the gates, switches, runs $VERIFY if it is set, waits for the bake,
# and rolls back if anything fails after the switch. If you run it again, it finds what it has already done.
# Also reads $BLUEGREEN_TOKEN, $TIMEOUT (seconds for everything, default 1800), $BAKE_SECONDS, $IDEMPOTENCY_KEY, $SUMMARY (a file to append
# the table to), and for a shift before the switch $STEPS (such as 1:2m,10:5m,50:5m) or $BY_EVIDENCE (a budget of bad responses).
# Same exit codes as `bluegreen`: 0 done, 2 rejected, 3 rolled back, 4 timed out, 5 conflict, 6 not allowed, 7 not reachable, 64 usage.
set -uo pipefail

if [ $# -lt 3 ]; then
  echo "usage: $0 SERVICE VERSION DESTINATION..." >&2
  exit 64
fi

url=${BLUEGREEN_URL:-http://127.0.0.1:9090}
service=$1 version=$2
shift 2
deadline=$((SECONDS + ${TIMEOUT:-1800}))
key=${IDEMPOTENCY_KEY:-release-$service-$version-$$-$RANDOM$RANDOM}
body=$(mktemp)
headers=$(mktemp)
match=''
trap 'rm -f "$body" "$headers"' EXIT

# In a file that only its owner can read: everybody on the machine can read the arguments of a process.
[ -z "${BLUEGREEN_TOKEN:-}" ] || printf 'Authorization: Bearer %s\n' "$BLUEGREEN_TOKEN" > "$headers"

# What the cutover's body says of a shift; checked before anything is deployed.
if ! shift_field=$(jq -cn --arg steps "${STEPS:-}" --arg budget "${BY_EVIDENCE:-}" '
    def step: "^ *(?<weight>[0-9.]+) *%?:(?<time>[0-9.]+)(?<unit>[smh]?) *$" as $form
      | if test($form) then capture($form) else error("\"\(.)\" is no step") end
      | { weight: (.weight | tonumber), forSeconds: ((.time | tonumber) * { "": 1, s: 1, m: 60, h: 3600 }[.unit]) };
    if $steps != "" and $budget != "" then error("both are set")
    elif $steps != "" then { shift: { steps: [ $steps | split(",")[] | step ] } }
    elif $budget != "" then { shift: { byEvidence: { maxBadResponses: ($budget | tonumber) } } }
    else {} end' 2> "$body"); then
  echo "Set STEPS, such as 1:2m,10:5m,50:5m, or BY_EVIDENCE, such as 50: $(cat "$body")" >&2
  exit 64
fi

say() { echo "$(date -u +%H:%M:%S) $*" >&2; }

# call METHOD PATH [JSON [SECONDS]]: puts the response's body into the file $body and its status into $status. SECONDS is how long the
# gateway may wait for the switch before it answers. If the gateway can't be reached, the call is repeated until the
# deadline, or three times in all if it has never been reached.
# Every change carries a key, so that a call whose answer was lost takes effect only once. If $match is set, the gateway refuses the
# change if the service's generation has changed since.
call() {
  local options=(--silent --show-error --max-time 90 --request "$1" --output "$body" --write-out '%{http_code}')
  options+=(--header 'Content-Type: application/json' --header "@$headers")
  [ "$1" = GET ] || options+=(--header "Idempotency-Key: $key-${2##*/}")
  [ "$1" = GET ] || [ -z "$match" ] || options+=(--header "If-Match: \"$match\"")
  [ -z "${3:-}" ] || options+=(--data "$3")
  [ -z "${4:-}" ] || options+=(--header "Prefer: wait=$4")
  local tries=0
  until status=$(curl "${options[@]}" "$url$2"); do
    tries=$((tries + 1))
    if [ "$SECONDS" -ge "$deadline" ] || { [ "$tries" -ge 3 ] && [ -z "${reached:-}" ]; }; then
      say "The gateway at $url can't be reached."
      exit 7
    fi
    sleep 1
  done
  reached=yes
}

fail() {
  local detail code
  # The gateway's problems have a code. Anything else comes from another server, or from a proxy in between.
  if ! detail=$(jq -er 'select(.code) | .detail' "$body" 2> /dev/null); then
    foreign
  fi
  say "$1: status $status: $detail"
  case $status in
    401 | 403) code=6 ;;
    409 | 412) code=5 ;;
    400 | 404) code=64 ;;
    422) code=2 ;;
    *) code=1 ;;
  esac
  exit "$code"
}

foreign() {
  say "$url is not a BlueGreen gateway: it answered with status $status and $(head -c 60 "$body" | tr -cd '[:print:]')"
  exit 7
}

# Why the destinations of the deployment are not ready; empty once all of them are.
missing() {
  jq -r --arg slot "$standby" --arg version "$version" '
    .slots[$slot].destinations | if length == 0 then "it has no destinations" else [ .[]
      | if .lastProbe == null then "\(.id) is not probed yet"
        elif .lastProbe.passed | not then "\(.id): \(.lastProbe.reason)"
        elif .pending then "\(.id) is not probed since the deployment"
        elif .health != "healthy" then "\(.id) passes, and is not yet healthy"
        elif (.lastProbe.report.version // $version) != $version then "\(.id) reports \(.lastProbe.report.version), and \($version) was deployed"
        else empty end ] | join("; ") end' "$body"
}

# Runs $VERIFY once, if it is set. The command does not see the token.
verify() {
  if [ -n "${VERIFY:-}" ] && [ -z "$verified" ]; then
    verified=yes
    env -u BLUEGREEN_TOKEN bash -euo pipefail -c "$VERIFY" || rollback "verification failed"
  fi
}

rollback() {
  say "Rolling back release $release: $1"
  call POST /v1/rollback "$(jq -n --arg release "$release" --arg reason "$1" '{ release: $release, reason: $reason }')" 60
  case $status in
    200) say "Rolled back." ;;
    202)
      say "The rollback is under way, and has not switched within 60 s: $(jq -r .id "$body")"
      exit 4
      ;;
    *) fail "The rollback was refused" ;;
  esac
  exit 3
}

summary() {
  [ -z "${SUMMARY:-}" ] || jq -r '
    "### Release `\(.id)`: \(.status)\n\n| gate | verdict | finding |\n|---|---|---|",
    (.gates[] | "| \(.name) | \(.status) | \(.detail // "" | gsub("\\|"; "\\|")) |"),
    "\n\(.detail // "")\n"' "$body" >> "$SUMMARY"
}

call GET "/v1/services/$service"
[ "$status" = 200 ] || fail "Looking at $service"
jq -e '.slots and .standby' "$body" > /dev/null 2>&1 || foreign
destinations=$(jq -n '[ $ARGS.positional[] | { key: (sub("^https?://"; "") | gsub("[^A-Za-z0-9._:-]"; "-") | rtrimstr("-")), value: { address: . } } ] | from_entries' --args "$@")

if jq -e --argjson wanted "$destinations" --arg version "$version" '
    . as $service | .slots[.active] | .version == $version
    and ([ .destinations[].address | rtrimstr("/") ] | sort) == ([ $wanted[].address | rtrimstr("/") ] | sort)
    and $service.generation > 1' "$body" > /dev/null; then
  say "$service is on $version already: nothing to do."
  exit 0
fi

standby=$(jq -r .standby "$body")
say "Deploying $version into $standby of $service"
call PUT "/v1/services/$service/slots/$standby" "$(jq -n --arg version "$version" --argjson destinations "$destinations" '{ $version, $destinations }')"
[ "$status" = 200 ] || fail "Deploying"
deployed=$(jq -r .generation "$body")

told=''
until call GET "/v1/services/$service" && waiting=$(missing) && [ -z "$waiting" ]; do
  if ! jq -e --argjson generation "$deployed" '.generation == $generation' "$body" > /dev/null; then
    say "$service was changed by somebody else after this deployment (generation $deployed): nothing was switched."
    exit 5
  fi
  if [ "$SECONDS" -ge "$deadline" ]; then
    say "$standby of $service holds the new deployment, and is not ready in time: $waiting. Nothing was switched."
    exit 4
  fi
  [ "$waiting" = "$told" ] || say "Waiting for $standby of $service: $waiting"
  told=$waiting
  sleep 1
done

call GET "/v1/services/$service/preflight?to=$standby"
jq -r '.gates[]? | "\(.status)\t\(.name)\t\(.detail)"' "$body" >&2
[ "$(jq -r .passed "$body")" = true ] || { say "A gate fails: nothing was switched."; exit 2; }

say "Switching $service to $standby"
match=$deployed # Switch only to the deployment that was checked.
call POST "/v1/services/$service/cutover" "$(jq -n --arg to "$standby" --arg version "$version" --arg bake "${BAKE_SECONDS:-}" --argjson shift "$shift_field" '
  { $to, reason: $version } + $shift + if $bake == "" then {} else { bakeSeconds: ($bake | tonumber) } end')"
match=''
case $status in
  200 | 202)
    if [ "$(jq -r .changed "$body")" = false ]; then
      say "$(jq -r .detail "$body")"
      exit 0
    fi
    release=$(jq -r .id "$body")
    ;;
  *) fail "The cutover was refused" ;;
esac

verified=''
while true; do
  call GET "/v1/releases/$release"
  [ "$status" = 200 ] || fail "Looking at release $release"
  state=$(jq -r .status "$body")
  case $state in
    succeeded) verify; summary; say "Release $release succeeded: $(jq -r .detail "$body")"; exit 0 ;;
    rejected) summary; say "Release $release was rejected: $(jq -r .detail "$body")"; exit 2 ;;
    rolledBack) summary; say "Release $release was rolled back: $(jq -r .detail "$body")"; exit 3 ;;
    aborted) summary; say "Release $release was aborted: $(jq -r .detail "$body")"; exit 5 ;;
    failed | abandoned) summary; say "Release $release is $state: $(jq -r .detail "$body")"; exit 1 ;;
    draining | baking | confirming)
      verify
      held=$(jq -r 'select(.bake.hold) | "\(.bake.hold): \(.bake.detail); it waits for \(.bake.waitsFor // "somebody who decides")"' "$body")
      [ -z "$held" ] || [ "$held" = "$told" ] || say "Release $release is held ($held)"
      told=$held
      [ "$SECONDS" -lt "$deadline" ] || rollback "not completed in time"
      ;;
    reverting) ;; # A shift is taken back, and the requests on the new slot may finish.
    *)
      if [ "$SECONDS" -ge "$deadline" ]; then
        call POST "/v1/releases/$release/abort"
        say "Release $release was $state and is aborted: not switched in time. A shift is taken back."
        exit 4
      fi
      ;;
  esac
  sleep 1
done
