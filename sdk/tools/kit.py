#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the parts of the driver kit that are generated, not written: run once per build tree.

  lib/<module>.lib       one import library per module, from data/exports.csv (two for one module would give a driver
                         two import descriptors for it)
  lib/ringside_rt.lib    the static parts, from src/
  headers.yaml           an overlay that makes the header folders case-insensitive, as Windows sources expect
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import windows

SDK = windows.SDK
MINGW_INCLUDE = Path("/usr/x86_64-w64-mingw32/include")
HEADER_FOLDERS = [SDK / "include", MINGW_INCLUDE / "ddk", MINGW_INCLUDE]
SUBFOLDERS = ["sys", "sdks", "psdk_inc", "sec_api", "wrl", "gdiplus", "GL", "KHR"]


def flags(name: str) -> list[str]:
    """The options in flags/<name>.rsp."""
    lines = (SDK / "flags" / f"{name}.rsp").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def run(*command: str | Path) -> None:
    result = subprocess.run([str(part) for part in command])
    if result.returncode:
        raise SystemExit(result.returncode)


def overlay(folders: list[Path]) -> str:
    """A clang VFS overlay under which these folders' files are found whatever the case of the name."""
    roots = []
    for folder in folders:
        files = sorted(entry for entry in folder.iterdir() if entry.is_file()) if folder.is_dir() else []
        if files:
            contents = [{"type": "file", "name": file.name, "external-contents": str(file)} for file in files]
            roots.append({"type": "directory", "name": str(folder), "contents": contents})
    return json.dumps({"version": 0, "case-sensitive": "false", "roots": roots}, indent=0)


def inputs() -> list[Path]:
    """Every file of the kit that the generated parts are made from."""
    return sorted(path for folder in ("data", "flags", "src", "tools", "include")
                  for path in (SDK / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")


def digest() -> str:
    """Names the state of the kit, so that a cache of its generated parts is never stale."""
    sum_ = hashlib.sha256()
    for path in inputs():
        sum_.update(str(path).encode() + b"\0" + path.read_bytes())
    return sum_.hexdigest()[:16]


def make_import_library(module: str, rows: list[dict[str, str]], folder: Path) -> None:
    stem = module.rsplit(".", 1)[0]
    data = [f"{row['name']}{' CONSTANT' if row['kind'] == 'data' else ''}" for row in rows]
    definition = folder / f"{stem}.def"
    definition.write_text("\n".join([f"LIBRARY {module}", "EXPORTS", *data]) + "\n")
    make_library_from(definition, folder / f"{stem}.lib")


def make_library_from(definition: Path, library: Path) -> None:
    run("llvm-dlltool-19", "-m", "i386:x86-64", "-d", definition, "-l", library)


def make_static_library(folder: Path) -> None:
    objects = []
    for source in sorted((SDK / "src").iterdir()):
        if source.suffix in (".c", ".S"):
            objects.append(folder / f"{source.stem}.obj")
            # For the oldest x64 Windows, each function apart, so that a driver gets and imports only what it uses;
            # and without the stack protector, whose parts they are.
            run("clang-19", *flags("compile"), "-fno-stack-protector", "-ffunction-sections", "-fdata-sections",
                "-Wall", "-Wextra", "-Werror", "-D_WIN32_WINNT=0x0502", "-DNTDDI_VERSION=0x05020100",
                *(f"-isystem{path}" for path in HEADER_FOLDERS), "-c", source, "-o", objects[-1])
    run("llvm-lib-19", "/nologo", f"/out:{folder / 'ringside_rt.lib'}", *objects)
    for path in objects:
        path.unlink()


def make(folder: Path) -> None:
    if not (MINGW_INCLUDE / "ddk" / "wdm.h").exists():
        raise SystemExit(f"error: {MINGW_INCLUDE}/ddk/wdm.h not found: install the package mingw-w64-x86-64-dev")
    libraries = folder / "lib"
    libraries.mkdir(parents=True, exist_ok=True)
    modules: dict[str, list[dict[str, str]]] = {}
    for row in windows.exports():
        modules.setdefault(row["dll"], []).append(row)
    for module, rows in modules.items():
        make_import_library(module, rows, libraries)
    make_static_library(libraries)
    folders = HEADER_FOLDERS + [base / name for base in (SDK / "include", MINGW_INCLUDE) for name in SUBFOLDERS]
    (folder / "headers.yaml").write_text(overlay(folders))
    (folder / "stamp").write_text(digest())


def cached() -> Path:
    """The generated parts for a build without a build tree: made once per state of the kit, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringside"
    owner = hashlib.sha256(str(SDK).encode()).hexdigest()[:8]
    folder = cache / f"kit-{owner}-{digest()}"
    if (folder / "stamp").exists():
        return folder
    # Made beside and renamed, so that a second build at the same time never sees half of it.
    making = cache / f"making-{os.getpid()}"
    try:
        make(making)
        for stale in cache.glob(f"kit-{owner}-*"):
            shutil.rmtree(stale, ignore_errors=True)
        making.rename(folder)
    except OSError:
        if not (folder / "stamp").exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    make(parser.parse_args().out)
    sys.exit(0)
