"""
Makes this tree runnable on your own machine, without a container: what the Dockerfile does, done here.

FAROL_CACHE: folder that persists between builds. A Python environment is made there once for each requirements.txt
and Python, and `.venv` in the tree leads to it.
FAROL_PREVIOUS: folders of the releases before this one; their static files stay reachable (see collect_release).
"""

import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent
LEAST = (3, 10)


def main() -> None:
    if sys.version_info < LEAST:
        sys.exit(
            f"Python {LEAST[0]}.{LEAST[1]} or newer is needed; this is {platform.python_version()} ({sys.executable})."
        )
    cache = os.environ.get("FAROL_CACHE")
    if not cache:
        sys.exit("FAROL_CACHE is not set: name a folder that persists between builds.")
    environment = python_environment(Path(cache).resolve())
    # A second process in the same tree waits; no file of its own is needed for that.
    with open(TREE / "requirements.txt") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        link(TREE / ".venv", environment)
        collect(environment)


def python_environment(cache: Path) -> Path:
    """The environment for this tree's requirements, made if it is not there. Waits while another process makes it."""
    requirements = TREE / "requirements.txt"
    base = Path(sys.base_prefix).resolve()
    known_by = f"{platform.python_version()} {platform.machine()} {base}\n".encode() + requirements.read_bytes()
    environment = cache / f"python-{hashlib.sha256(known_by).hexdigest()[:16]}"
    # Written last: an environment without it was left half-made.
    complete = environment / "complete"
    if complete.exists():
        return environment
    cache.mkdir(parents=True, exist_ok=True)
    with open(f"{environment}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(environment, ignore_errors=True)
            # Debian's Python may lack ensurepip; a pip of its own can still fill another environment.
            python = str(environment / "bin/python")
            own_pip = importlib.util.find_spec("ensurepip") is not None
            run(
                [sys.executable, "-m", "venv", *([] if own_pip else ["--without-pip"]), str(environment)],
                "The Python environment could not be made (Debian: python3-venv)",
            )
            pip = [python, "-m", "pip"] if own_pip else [sys.executable, "-m", "pip", "--python", python]
            install = [*pip, "install", "--quiet", "--disable-pip-version-check"]
            run(
                [*install, "--require-hashes", "--only-binary=:all:", "-r", str(requirements)],
                "The requirements could not be installed",
            )
            complete.touch()
    return environment


def link(name: Path, to: Path) -> None:
    """Makes the symbolic link, in place of one that may be there."""
    new = name.with_name(f"{name.name}.{os.getpid()}")
    new.symlink_to(to)
    new.replace(name)


def collect(environment: Path) -> None:
    """Collects the static files. The settings want values that this step uses for nothing: no database is asked."""
    unused = dict.fromkeys(
        ["SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_HOST", "POSTGRES_NAME", "POSTGRES_USER", "POSTGRES_PASSWORD"],
        "unused",
    )
    command = [str(environment / "bin/python"), "manage.py", "collect_release"]
    run(command, "The static files could not be collected", {**os.environ, **unused, "DEBUG": ""})


def run(command: list[str], trouble: str, environment: dict[str, str] | None = None) -> None:
    """Runs a command in the tree; if it fails, this process ends with one line that says what was wrong."""
    code = subprocess.run(command, cwd=TREE, env=environment, check=False).returncode
    if code != 0:
        sys.exit(f"{trouble}: {' '.join(command)} ended with exit code {code}.")


if __name__ == "__main__":
    main()
