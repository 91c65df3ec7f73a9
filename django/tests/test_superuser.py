import json
from pathlib import Path

from tests.running import manage

RELEASE = json.loads((Path(__file__).resolve().parent.parent / "release.json").read_text())
ANSWERS = {
    "DJANGO_SUPERUSER_USERNAME": "ana",
    "DJANGO_SUPERUSER_EMAIL": "ana@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "a lamp for every line",
}
TAKEN = (
    "from django.contrib.auth import authenticate\n"
    "print('taken' if authenticate(username='ana', password={!r}).is_superuser else 'refused')"
)


def test_a_superuser_is_made_from_the_variables_that_release_json_asks_for(tree, database):
    [asking] = RELEASE["asks"]
    assert asking["variables"].keys() == ANSWERS.keys()
    manage(tree, database, "migrate_locked")
    command = [*asking["command"][2:], *asking["arguments"]]
    assert "Superuser created successfully" in manage(tree, database | ANSWERS, *command)
    right, wrong = TAKEN.format(ANSWERS["DJANGO_SUPERUSER_PASSWORD"]), TAKEN.format("another")
    assert "taken" in manage(tree, database, "shell", "-c", right)
    manage(tree, database, "shell", "-c", wrong, code=1)
