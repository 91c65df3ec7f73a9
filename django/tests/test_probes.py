from django.db import OperationalError, connection
from django.test import Client

from composeexample.release import RELEASE


def test_alive_whatever_the_host_and_without_a_database(client: Client):
    # Not marked for database access: a query would fail the test.
    response = client.get("/livez", headers={"host": "10.0.3.17:8000"})
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}
    assert response["Cache-Control"] == "no-store"


def test_other_paths_refuse_a_strange_host(client: Client):
    assert client.get("/about/", headers={"host": "10.0.3.17:8000"}).status_code == 400


def test_ready_when_the_database_answers(client: Client, db):
    response = client.get("/readyz", headers={"host": "10.0.3.17:8000"})
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_not_ready_when_the_database_does_not_answer(client: Client, db, monkeypatch):
    def unreachable():
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", unreachable)
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


def test_version_names_the_release(client: Client, monkeypatch):
    monkeypatch.setitem(RELEASE, "version", "v3.2.1")
    answer = client.get("/version").json()
    assert answer["version"] == "v3.2.1"
    assert set(answer) == {"version", "digest", "commit", "slot"}


def test_a_probe_answers_reads_only(client: Client):
    assert client.head("/livez").status_code == 200
    assert client.post("/livez").status_code == 404
