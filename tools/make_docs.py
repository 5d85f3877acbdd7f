"""Builds the documentation into site/: generated reference first, then the pages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="liebian-docs-") as home:
        environment = {**os.environ, "LIEBIAN_HOME": home}
        subprocess.run([sys.executable, "tools/make_reference.py"], cwd=ROOT, env=environment, check=True)
    zensical = Path(sys.executable).parent / "zensical"
    return subprocess.run([zensical, "build", "--config-file", "mkdocs.yml"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
