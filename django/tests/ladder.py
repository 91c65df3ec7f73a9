"""The releases of ladder/, laid as trees: each rung's files over those of the rung that it stands on."""

import json
import shutil
from pathlib import Path

LADDER = Path(__file__).resolve().parent.parent / "ladder"
RUNGS = {path.parent.name: json.loads(path.read_text()) for path in sorted(LADDER.glob("*/rung.json"))}


def lay(rung: str, tree: Path) -> Path:
    """Makes the application's tree into the rung's."""
    below = RUNGS[rung]["on"]
    if below is not None:
        lay(below, tree)
    files = LADDER / rung / "files"
    if files.exists():
        shutil.copytree(files, tree, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return tree
