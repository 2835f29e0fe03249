#!/usr/bin/env bash
# Builds the gateway twice, in two folders, from the commit that is checked out, and compares what comes out byte by byte.
set -euo pipefail
cd "$(dirname "$0")/.."

# Named once: another commit may be checked out meanwhile.
commit=$(git rev-parse HEAD)
work=$(mktemp -d)
trap 'git worktree remove --force "$work/one" 2>/dev/null || true; git worktree remove --force "$work/another" 2>/dev/null || true; rm -rf "$work"' EXIT

for folder in one another; do
  git worktree add --quiet --detach "$work/$folder" "$commit"
  dotnet publish "$work/$folder/src/BlueGreen.Gateway" -c Release -o "$work/$folder.out" -p:ContinuousIntegrationBuild=true -m:1 -nodeReuse:false --nologo -v quiet
  (cd "$work/$folder.out" && find . -type f -print0 | sort -z | xargs -0 sha256sum) > "$work/$folder.sums"
done

diff "$work/one.sums" "$work/another.sums"
echo "$(wc -l < "$work/one.sums") files, the same in both builds: $(sha256sum < "$work/one.sums" | cut -c1-16)"
