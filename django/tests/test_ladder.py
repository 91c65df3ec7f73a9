import json
from contextlib import suppress

import pytest

from tests.ladder import LADDER, RUNGS, lay
from tests.running import DEADLINE, manage

# What the plan says of a rung's own migrations on the database of the rung that it stands on.
PLANS = {
    "additive-migration": [("guestbook.0003_entry_lamps", "yes")],
    "failing-migration": [("guestbook.0004_entry_country", "yes")],
    "breaking-migration": [("guestbook.0004_rename_written_at", "no")],
    "slow-migration": [("guestbook.0004_count_lines", "yes")],
}
# More than smoke checks ask for, less than a share of users' traffic brings in a few seconds.
A_LOOK = 6
TRAFFIC = 60


@pytest.fixture
def laid(tree, database):
    """A rung's tree, on a database as the rung below leaves it."""

    def make(rung):
        below = RUNGS[rung]["on"]
        if below is not None:
            manage(lay(below, tree), database, "migrate_locked")
        return lay(rung, tree)

    return make


@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_is_a_sound_tree_with_the_plan_that_it_is_there_for(rung, laid, database):
    tree = laid(rung)
    manage(tree, database, "makemigrations", "--check", "--dry-run")
    plan = json.loads(manage(tree, database, "migration_plan").splitlines()[-1])["migrations"]
    if RUNGS[rung]["on"] is not None:
        assert [(item["name"], item["compatible"]) for item in plan] == PLANS.get(rung, [])


@pytest.mark.parametrize("rung", RUNGS)
def test_an_overlay_holds_only_what_it_changes(rung, tree):
    below = RUNGS[rung]["on"]
    if below is not None:
        lay(below, tree)
    for path in (LADDER / rung).glob("files/**/*"):
        same = tree / path.relative_to(LADDER / rung / "files")
        if path.is_file() and same.exists():
            assert same.read_bytes() != path.read_bytes(), f"{path} is the same as below"


def smoke(tree, served) -> list[str]:
    """The paths of release.json's smoke checks that fail."""
    failed = []
    for check in json.loads((tree / "release.json").read_text())["smoke"]:
        response, body = served.ask(check["path"])
        if response.status != check["status"] or check.get("contains", "") not in body:
            failed.append(check["path"])
    return failed


@pytest.mark.parametrize("rung", ["first-release", "additive-migration", "good-release", "slow-migration"])
def test_good_releases_pass_their_smoke_and_bear_traffic(rung, laid, serve):
    tree = laid(rung)
    served = serve(tree).wait_until_listening()
    assert smoke(tree, served) == []
    assert {served.status("/") for _ in range(TRAFFIC)} == {200}


def test_lamps_can_be_lit(laid, serve):
    served = serve(laid("additive-migration")).wait_until_listening()
    response, page = served.ask("/")
    token = page.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
    cookie = response.getheader("Set-Cookie").split(";")[0]
    assert "0 lamps lit" in page
    headers = {"Cookie": cookie, "X-CSRFToken": token}
    assert served.ask("/entries/1/lamps/", "POST", **headers)[0].status == 302
    assert served.ask("/entries/99/lamps/", "POST", **headers)[0].status == 404
    assert served.ask("/entries/1/lamps/", "POST")[0].status == 403
    assert "1 lamp lit" in served.ask("/entries/1/")[1]


def test_the_old_code_writes_on_the_additive_schema(laid, serve, database, tmp_path, tree):
    served = serve(lay("first-release", tree)).wait_until_listening()
    manage(lay("additive-migration", tree), database, "migrate_locked")
    response, page = served.ask("/")
    token = page.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
    headers = {"Cookie": response.getheader("Set-Cookie").split(";")[0], "X-CSRFToken": token}
    answer, _ = served.ask("/", "POST", "name=Ana&message=Old+code+writes", **headers)
    assert answer.status == 302
    assert "Old code writes" in served.ask("/")[1]


def test_failing_smoke_fails_where_it_says(laid, serve):
    tree = laid("failing-smoke")
    served = serve(tree).wait_until_listening()
    assert smoke(tree, served) == ["/search/?q=lamp"]
    assert served.status("/") == 200


def test_errors_come_only_under_traffic(laid, serve):
    tree = laid("errors-under-traffic")
    served = serve(tree).wait_until_listening()
    assert smoke(tree, served) == []
    assert smoke(tree, served) == []
    statuses = [served.status("/") for _ in range(TRAFFIC)]
    assert statuses.count(500) > TRAFFIC * 0.8
    assert served.status("/livez") == 200
    assert served.status("/readyz") == 200


def test_a_process_that_lacks_a_variable_ends_at_once(laid, serve):
    served = serve(laid("crash-at-start"))
    assert served.process.wait(DEADLINE) == 3
    lines = [line for line in served.log.read_text().splitlines() if line.startswith("{")]
    errors = [json.loads(line).get("error") for line in lines]
    assert "KeyError: 'ERROR_REPORTS_URL'" in errors


def test_never_healthy_answers_503_for_ever(laid, serve):
    served = serve(laid("never-healthy")).wait_until_listening()
    for path in ("/livez", "/readyz", "/", "/version"):
        assert served.status(path) == 503


def test_wrong_version_names_another(laid, serve):
    served = serve(laid("wrong-version"), FAROL_VERSION="v1.1.3").wait_until_listening()
    answer = json.loads(served.ask("/version")[1])
    assert answer["version"] == "v1.1.0"
    assert answer["digest"].startswith("sha256:")


def test_failing_migration_fails_on_the_first_entries(laid, database):
    tree = laid("failing-migration")
    said = manage(tree, database, "migrate_locked", code=1).splitlines()[-1]
    assert said.startswith("Migration guestbook.0004_entry_country failed, nothing of it is left: ValueError")


def test_breaking_migration_would_break_the_release_below(laid, database, tree, serve, tmp_path):
    served = serve(lay("additive-migration", tree)).wait_until_listening()
    assert served.status("/") == 200
    manage(lay("breaking-migration", tree), database, "migrate_locked")
    assert served.status("/") == 500


def test_a_target_dies_of_traffic_but_not_of_a_look(laid, serve):
    tree = laid("dies-in-the-bake")
    served = serve(tree).wait_until_listening()
    assert smoke(tree, served) == []
    for _ in range(A_LOOK):
        assert served.status("/") == 200
    with suppress(OSError):
        for _ in range(TRAFFIC):
            served.status("/")
    assert served.process.wait(DEADLINE) == 3
