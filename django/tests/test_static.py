import json
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.running import manage


@pytest.mark.django_db
def test_all_that_a_page_links_to_is_served_for_ever(client: Client):
    page = client.get("/").content.decode()
    links = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert len(links) >= 4
    for link in links:
        response = client.get(link)
        response.close()
        assert response.status_code == 200
        assert "immutable" in response["Cache-Control"]


def test_a_file_of_a_newer_release_is_answered_by_ours(client: Client, static_files: Path):
    ours = json.loads((static_files / "staticfiles.json").read_text())["paths"]["guestbook/base.css"]
    response = client.get("/static/guestbook/base.0123456789ab.css")
    assert response.status_code == 200
    assert response.getvalue() == (static_files / ours).read_bytes()
    assert response["Cache-Control"] == "no-store"
    response.close()


@pytest.mark.parametrize("path", ["guestbook/none.0123456789ab.css", "guestbook/base.0123.css", "../manage.py", "nope"])
def test_no_other_file_is_found(client: Client, path):
    assert client.get(f"/static/{path}").status_code == 404


def static_names(tree: Path) -> set[str]:
    folder = tree / "staticfiles"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_files_of_the_two_releases_before_stay(tree: Path, database, tmp_path: Path):
    releases: list[Path] = []
    hashed: list[str] = []
    for number in range(4):
        release = tmp_path / f"release-{number}"
        release.mkdir()
        style = tree / "guestbook/static/guestbook/base.css"
        style.write_text(f"/* {number} */\n" + style.read_text())
        previous = ":".join(map(str, releases[-2:]))
        manage(tree, {**database, "FAROL_PREVIOUS": previous}, "collect_release")
        (tree / "staticfiles").rename(release / "staticfiles")
        manifest = json.loads((release / "staticfiles/staticfiles.json").read_text())
        hashed.append(manifest["paths"]["guestbook/base.css"])
        releases.append(release)

    last = static_names(releases[3])
    assert len(set(hashed)) == 4
    assert {hashed[3], hashed[2], hashed[1], f"{hashed[2]}.gz", f"{hashed[1]}.gz"} <= last
    assert hashed[0] not in last


def test_a_release_before_without_static_files_is_no_trouble(tree: Path, database, tmp_path: Path):
    manage(tree, {**database, "FAROL_PREVIOUS": f"{tmp_path}/none::{tmp_path}"}, "collect_release")
    assert "staticfiles.json" in static_names(tree)
