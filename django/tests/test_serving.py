import json
import re
import signal
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.running import manage


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_HOST", "POSTGRES_NAME", "POSTGRES_PASSWORD"])
def test_a_missing_setting_is_named(tree, database, name):
    said = manage(tree, {**database, name: ""}, "check", code=1)
    assert f"The environment variable {name} is not set." in said


def test_a_flag_that_is_neither_yes_nor_no_is_refused(tree, database):
    assert "DEBUG must be 1 or 0, not 'flase'" in manage(tree, {**database, "DEBUG": "flase"}, "check", code=1)


def test_the_settings_are_fit_for_production(tree, database):
    manage(tree, {**database, "SECRET_KEY": "0123456789" * 6}, "check", "--deploy", "--fail-level", "WARNING")


def test_every_change_of_the_models_has_its_migration(tree, database):
    manage(tree, database, "makemigrations", "--check", "--dry-run")


def test_it_serves_and_ends_on_sigterm(tree, serve):
    served = serve(tree).wait_until_listening()
    assert json.loads(served.ask("/version")[1]) == {
        "version": "v9.9.9",
        "digest": "sha256:" + "a" * 64,
        "commit": "b" * 40,
        "slot": "green",
    }
    assert served.status("/readyz") == 200
    page = served.ask("/")[1]
    assert "release <strong>v9.9.9</strong>" in page
    assert "slot-green" in page
    assert served.stop() == 0


def test_a_form_is_taken_as_it_comes_through_cloudfront_and_an_internal_load_balancer(tree, serve):
    host = "d111111abcdef8.cloudfront.net"
    served = serve(tree, ALLOWED_HOSTS=host, FORWARDED_PROTO_HEADER="CloudFront-Forwarded-Proto").wait_until_listening()
    # The load balancer is reached by HTTP, and says so in the header that is its own.
    through = {"Host": host, "CloudFront-Forwarded-Proto": "https", "X-Forwarded-Proto": "http"}
    response, page = served.ask("/", **through)
    cookie = response.getheader("Set-Cookie")
    assert "Secure" in cookie
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    form = urlencode({"name": "Ana", "place": "Porto", "message": "Fog.", "website": "", "csrfmiddlewaretoken": token})
    sent = {**through, "Cookie": cookie.split(";")[0], "Origin": f"https://{host}"}
    assert served.ask("/", "POST", form, **sent)[0].status == 302
    # A client cannot claim it by the load balancer's own header.
    by_http = {**sent, "CloudFront-Forwarded-Proto": "http", "X-Forwarded-Proto": "https"}
    assert served.ask("/", "POST", form, **by_http)[0].status == 403


def test_log_lines_are_json(tree, serve):
    served = serve(tree).wait_until_listening()
    served.ask("/no-such-page/?token=secret", **{"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678"})
    served.stop()
    lines = [json.loads(line) for line in served.log.read_text().splitlines()]
    assert {line["version"] for line in lines} == {"v9.9.9"}
    (missing,) = (line for line in lines if line.get("status") == 404)
    assert (missing["method"], missing["path"], missing["slot"]) == ("GET", "/no-such-page/", "green")
    assert missing["trace"] == "Root=1-67891233-abcdef012345678912345678"
    assert "secret" not in served.log.read_text()


def test_it_lives_without_a_database_but_is_not_ready(tree, serve):
    served = serve(tree, migrate=False, POSTGRES_PORT="1").wait_until_listening()
    assert served.status("/livez") == 200
    assert served.status("/readyz") == 503


def test_a_connection_is_kept_and_a_request_under_way_at_sigterm_is_answered(tree, serve):
    slow = tree / "guestbook/views.py"
    slow.write_text(
        slow.read_text().replace("    form = EntryForm", "    __import__('time').sleep(1)\n    form = EntryForm")
    )
    served = serve(tree).wait_until_listening()
    kept = HTTPConnection("127.0.0.1", served.port, timeout=10)
    for _ in range(2):
        kept.request("GET", "/livez")
        answer = kept.getresponse()
        assert answer.getheader("Connection") == "keep-alive"
        answer.read()
    kept.request("GET", "/")
    served.process.send_signal(signal.SIGTERM)
    assert kept.getresponse().status == 200
    assert served.process.wait(30) == 0
    kept.close()


def test_it_starts_where_nothing_but_the_temporary_folder_can_be_written(tree, serve, database):
    served = serve(tree, HOME="/nonexistent").wait_until_listening()
    assert "error" not in {json.loads(line)["level"] for line in served.log.read_text().splitlines()}
