#!/usr/bin/env python3
"""Writes the bill of materials (CycloneDX 1.6, JSON) of what a release ships, from what the restore has written down.

    dotnet restore && python3 deploy/bom.py src/BlueGreen.Gateway src/BlueGreen.Cli > bom.json

Needs nothing but Python. The same sources give the same bytes: no date, no random serial number.
"""
import base64
import json
import pathlib
import sys


def packages_of(project):
    """The packages that run: analyzers and other build tools have no assembly at run time."""
    assets = json.loads((pathlib.Path(project) / "obj" / "project.assets.json").read_text())
    folders = [pathlib.Path(folder) for folder in assets["packageFolders"]]
    for target in assets["targets"].values():
        for key, entry in target.items():
            if entry["type"] == "package" and (entry.get("runtime") or entry.get("runtimeTargets")):
                name, version = key.split("/")
                yield name, version, assets["libraries"][key], folders, sorted(entry.get("dependencies", {}))


def component(name, version, library, folders):
    found = {
        "type": "library",
        "bom-ref": f"pkg:nuget/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:nuget/{name}@{version}",
        "hashes": [{"alg": "SHA-512", "content": base64.b64decode(library["sha512"]).hex()}],
    }
    for folder in folders:
        for spec in (folder / library["path"]).glob("*.nuspec"):
            text = spec.read_text(encoding="utf-8-sig")
            if '<license type="expression">' in text:
                licence = text.split('<license type="expression">')[1].split("<")[0]
                found["licenses"] = [{"expression": licence}]
    return found


def main(projects):
    if not projects:
        sys.exit(__doc__)
    components, dependencies = {}, {}
    for project in projects:
        for name, version, library, folders, needs in packages_of(project):
            components[name] = component(name, version, library, folders)
            dependencies.setdefault(name, set()).update(needs)
    # Comes with the SDK and not from a package: docs/decisions/0002-system-io-hashing.md.
    if "Yarp.ReverseProxy" in components:
        components["System.IO.Hashing"] = {"type": "library", "bom-ref": "System.IO.Hashing", "name": "System.IO.Hashing", "description": "from the .NET SDK"}
        dependencies["System.IO.Hashing"] = set()
    refs = {name: entry["bom-ref"] for name, entry in components.items()}
    json.dump(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": "BlueGreen.Gateway", "name": "BlueGreen.Gateway"}},
            "components": [components[name] for name in sorted(components)],
            "dependencies": [
                {"ref": refs[name], "dependsOn": sorted(refs[need] for need in dependencies[name] if need in refs)} for name in sorted(components)
            ],
        },
        sys.stdout,
        indent=2,
    )
    print()


main(sys.argv[1:])
