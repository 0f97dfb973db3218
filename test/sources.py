# SPDX-License-Identifier: Apache-2.0
"""The project's own files, for the tests that read them. No git: a copy without history is tested too."""

import os

FOLDERS = ("include", "lib", "test", "tools", "bench", "doc", ".ci")
C_ENDINGS = (".c", ".h", ".cc")


def all_files(root):
    """Paths relative to `root`, with '/', sorted; a corpus is data."""
    found = [name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name))]
    for folder in FOLDERS:
        for place, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if name not in ("__pycache__", "corpus")]
            found += [os.path.relpath(os.path.join(place, name), root) for name in names]
    return sorted(path.replace(os.sep, "/") for path in found)


def c_files(root):
    return [path for path in all_files(root) if path.endswith(C_ENDINGS)]


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as stream:
        return stream.read()
