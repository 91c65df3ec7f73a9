import pytest
from django.test import Client

from guestbook.models import Entry
from guestbook.views import PAGE_SIZE

pytestmark = pytest.mark.django_db

LINE = {"name": "Ana", "place": "Porto", "message": "Fog until ten."}


def write(number: int) -> list[Entry]:
    return [Entry.objects.create(name=f"Visitor {i}", message=f"Line {i}.") for i in range(number)]


def test_the_book_opens_with_first_lines(client: Client):
    page = client.get("/").content.decode()
    assert "The lamp is lit from dusk to dawn" in page
    assert "Sign the book" in page


def test_signing_the_book(client: Client):
    response = client.post("/", LINE, follow=True)
    assert response.redirect_chain == [("/", 302)]
    page = response.content.decode()
    assert "Thank you, Ana." in page
    assert "Fog until ten." in page
    assert Entry.objects.filter(**LINE).count() == 1


def test_a_form_from_elsewhere_is_refused():
    client = Client(enforce_csrf_checks=True)
    response = client.post("/", LINE)
    assert response.status_code == 403
    assert "stale" in response.content.decode()
    assert not Entry.objects.filter(name="Ana").exists()


def test_a_form_of_ours_is_taken_by_https_behind_the_load_balancer():
    headers = {"host": "testserver", "x-forwarded-proto": "https", "origin": "https://testserver"}
    client = Client(enforce_csrf_checks=True, headers=headers)
    page = client.get("/")
    assert page.cookies["csrftoken"]["secure"]
    assert page["Strict-Transport-Security"]
    response = client.post("/", {**LINE, "csrfmiddlewaretoken": page.context["csrf_token"]})
    assert response.status_code == 302


def test_by_http_no_cookie_is_lost_to_the_secure_mark(client: Client):
    assert not client.get("/").cookies["csrftoken"]["secure"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Please say who you are."),
        ({"message": ""}, "Please write a line or two."),
        ({"message": "x" * 501}, "at most 500"),
        ({"name": "x" * 61}, "at most 60"),
        ({"message": "a\0b"}, "Null characters"),
        ({"website": "buy.example"}, "look at the fields"),
    ],
)
def test_what_cannot_be_written_is_said_and_kept_in_the_form(client: Client, change, said):
    response = client.post("/", LINE | change)
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page
    assert 'value="Porto"' in page
    assert Entry.objects.filter(place="Porto").count() == 0


def test_what_visitors_write_is_no_markup(client: Client):
    Entry.objects.create(name="<b>Eve</b>", message="<script>alert(1)</script>\nsecond")
    page = client.get("/").content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<br>second" in page


def test_older_lines_are_a_page_further(client: Client):
    written = write(2 * PAGE_SIZE)
    first = client.get("/")
    assert [entry.pk for entry in first.context["entries"]] == [entry.pk for entry in written[: PAGE_SIZE - 1 : -1]]
    second = client.get(f"/?before={first.context['older']}")
    assert [entry.pk for entry in second.context["entries"]] == [entry.pk for entry in written[PAGE_SIZE - 1 :: -1]]
    third = client.get(f"/?before={second.context['older']}")
    assert third.context["older"] is None


@pytest.mark.parametrize("before", ["", "x", "-1", "1e9", "٣", "9" * 40])
def test_an_odd_page_is_the_first(client: Client, before):
    assert client.get("/", {"before": before}).status_code == 200


def test_an_entry_has_an_address(client: Client):
    entry = Entry.objects.create(name="Ana", message="Here.")
    assert "Here." in client.get(entry.get_absolute_url()).content.decode()
    assert client.get("/entries/999999999999999999999/").status_code == 404


def test_the_book_takes_one_query(client: Client, django_assert_max_num_queries):
    write(PAGE_SIZE)
    with django_assert_max_num_queries(1):
        client.get("/")


def test_about_names_the_release(client: Client):
    assert "v0.0.0-dev" in client.get("/about/").content.decode()


def test_a_lost_reader_gets_a_page(client: Client):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "Nothing on this chart" in response.content.decode()


def test_an_error_gets_a_page(client: Client, monkeypatch):
    monkeypatch.setattr("guestbook.forms.EntryForm.__init__", lambda *_: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "The lamp is out" in response.content.decode()


def test_every_page_says_what_it_may_load(client: Client):
    response = client.get("/")
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
