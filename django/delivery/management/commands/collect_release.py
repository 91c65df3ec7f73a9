import json
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """
    Collects this release's static files, and beside them those of the releases before it.

    A page of theirs may still be open in a browser, or come from the slot that is being left. FAROL_PREVIOUS names
    their folders, with the system's path separator between them; each holds its own `staticfiles`. What an earlier
    release had itself taken over is left behind.
    """

    help = "collectstatic, and the hashed files of the releases before (FAROL_PREVIOUS)."

    def handle(self, *args, **options) -> None:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        folders = [Path(folder) for folder in os.environ.get("FAROL_PREVIOUS", "").split(os.pathsep) if folder]
        for folder in folders:
            taken = take_over(folder / "staticfiles", Path(settings.STATIC_ROOT))
            self.stdout.write(f"{folder}: {taken} static files taken over")


def take_over(earlier: Path, static_root: Path) -> int:
    """Copies the hashed files that an earlier release itself made, and their compressed forms; says how many."""
    manifest = earlier / "staticfiles.json"
    if not manifest.exists():
        return 0
    taken = 0
    for name in sorted(set(json.loads(manifest.read_text())["paths"].values())):
        for suffix in ("", ".gz", ".br"):
            source, copy = earlier / f"{name}{suffix}", static_root / f"{name}{suffix}"
            if source.exists() and not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy)
                taken += 1
    return taken
