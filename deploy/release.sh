#!/usr/bin/env bash
# Makes everything that a version of the gateway is released as, from the commit that is checked out.
#
#     deploy/release.sh VERSION FOLDER [RUNTIME…]
#
# Packages, one archive per runtime (default: linux-x64, linux-arm64, win-x64) with the gateway and the client as single files, the bill
# of materials and the checksums. What can run here is started once. See docs/releasing.md.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?VERSION is missing, such as 1.2.3}
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$ ]]; then
  echo "$version is no version: MAJOR.MINOR.PATCH, or with a pre-release such as 1.2.3-rc.1" >&2
  exit 64
fi

mkdir -p "${2:?FOLDER is missing}"
out=$(cd "$2" && pwd)
if [ -n "$(ls -A "$out")" ]; then
  echo "$out is not empty: what is in it would be released too" >&2
  exit 64
fi

runtimes=("${@:3}")
if [ ${#runtimes[@]} -eq 0 ]; then
  runtimes=(linux-x64 linux-arm64 win-x64)
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
work=$(mktemp -d)
gateway=
trap '[ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true; rm -rf "$work"' EXIT
build=(-c Release "-p:Version=$version" -p:ContinuousIntegrationBuild=true -nodeReuse:false --nologo -v quiet)

# First, while the restore is that of no runtime in particular.
for name in Contracts AspNetCore ReverseProxy Cli; do
  dotnet pack "src/BlueGreen.$name" -o "$out" "${build[@]}"
done
python3 deploy/bom.py src/BlueGreen.Gateway src/BlueGreen.Cli > "$out/bluegreen-$version.bom.json"

for runtime in "${runtimes[@]}"; do
  name=bluegreen-$version-$runtime
  mkdir "$work/$name"
  for project in Gateway Cli; do
    dotnet publish "src/BlueGreen.$project" -r "$runtime" --self-contained -p:PublishSingleFile=true -o "$work/$runtime-$project" "${build[@]}"
  done

  suffix=
  case $runtime in win-*) suffix=.exe ;; esac
  cp "$work/$runtime-Gateway/BlueGreen.Gateway$suffix" "$work/$runtime-Gateway/appsettings.json" "$work/$runtime-Cli/bluegreen$suffix" "$work/$name"
  if [ -n "$suffix" ]; then
    (cd "$work" && python3 -m zipfile -c "$out/$name.zip" "$name")
  else
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -cf - "$name" | gzip -n > "$out/$name.tar.gz"
  fi
done

# A single file finds its parts in another way than a folder of files: that it was built does not say that it starts.
name=bluegreen-$version-linux-x64
if [ "$(uname -sm)" = "Linux x86_64" ] && [ -d "$work/$name" ]; then
  mkdir "$work/run"
  (cd "$work/run" && echo '{}' > gateway.json && "$work/$name/bluegreen" config check gateway.json)
  (cd "$work/run" && exec "$work/$name/BlueGreen.Gateway" --config gateway.json --urls http://127.0.0.1:18080 --BlueGreen:Admin:Urls=http://127.0.0.1:19090) &
  gateway=$!
  curl -fsS --retry 30 --retry-delay 1 --retry-connrefused http://127.0.0.1:19090/healthz/ready
  "$work/$name/bluegreen" status --url http://127.0.0.1:19090
  kill "$gateway"
  wait "$gateway"
  gateway=
fi

(cd "$out" && sha256sum -- * > "$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
ls -l "$out"
