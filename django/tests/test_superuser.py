import json
import re
from pathlib import Path
from urllib.parse import urlencode

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


def test_a_superuser_logs_in_through_cloudfront_and_an_internal_load_balancer(tree, database, serve):
    host = "d111111abcdef8.cloudfront.net"
    served = serve(tree, ALLOWED_HOSTS=host, FORWARDED_PROTO_HEADER="CloudFront-Forwarded-Proto").wait_until_listening()
    manage(tree, database | ANSWERS, "createsuperuser", "--noinput")
    # The load balancer is reached by HTTP, and says so in the header that is its own.
    through = {"Host": host, "CloudFront-Forwarded-Proto": "https", "X-Forwarded-Proto": "http"}
    response, page = served.ask("/admin/login/?next=/admin/", **through)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    username, password = ANSWERS["DJANGO_SUPERUSER_USERNAME"], ANSWERS["DJANGO_SUPERUSER_PASSWORD"]
    form = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"})
    sent = {**through, "Cookie": response.getheader("Set-Cookie").split(";")[0], "Origin": f"https://{host}"}
    entered, _ = served.ask("/admin/login/?next=/admin/", "POST", form, **sent)
    assert (entered.status, entered.getheader("Location")) == (302, "/admin/")
    (session,) = (value for value in entered.headers.get_all("Set-Cookie") if value.startswith("sessionid="))
    assert {"Secure", "HttpOnly"} <= {attribute.strip() for attribute in session.split(";")}
    inside, page = served.ask("/admin/", **{**through, "Cookie": session.split(";")[0]})
    assert inside.status == 200
    assert "Entries" in page
    # By the load balancer's own header nobody makes it https, and Django takes no form that claims to come from there.
    by_http = {**sent, "CloudFront-Forwarded-Proto": "http", "X-Forwarded-Proto": "https"}
    assert served.ask("/admin/login/?next=/admin/", "POST", form, **by_http)[0].status == 403


def test_a_weak_password_is_refused_where_a_person_changes_it(tree, database):
    manage(tree, database, "migrate_locked")
    manage(tree, database | ANSWERS, "createsuperuser", "--noinput")
    change = (
        "from django.contrib.auth.forms import SetPasswordForm\n"
        "from django.contrib.auth.models import User\n"
        "form = SetPasswordForm(User.objects.get(), {{'new_password1': {0!r}, 'new_password2': {0!r}}})\n"
        "print('taken' if form.is_valid() else form.errors.as_text())"
    )
    for weak, why in {
        "password1": "too common",
        "7h3x": "too short",
        "93720484719": "entirely numeric",
        "ana@example": "too similar",
    }.items():
        assert why in manage(tree, database, "shell", "-c", change.format(weak))
    assert "taken" in manage(tree, database, "shell", "-c", change.format(ANSWERS["DJANGO_SUPERUSER_PASSWORD"]))
