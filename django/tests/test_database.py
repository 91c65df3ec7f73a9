import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

from composeexample import iam
from composeexample.database import RDS_ROOTS, database
from composeexample.postgresql.base import DatabaseWrapper

HOST = "web-production.abc.us-east-1.rds.amazonaws.com"


@pytest.fixture
def at_rds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """The settings of the database where the environment is that of a task beside RDS."""
    monkeypatch.setenv("POSTGRES_AUTH", "iam")
    monkeypatch.setenv("POSTGRES_HOST", HOST)
    monkeypatch.delenv("POSTGRES_PASSWORD")
    monkeypatch.delenv("POSTGRES_SSLMODE", raising=False)
    return database


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without credentials of AWS, but for those that a test sets."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    iam._rds.cache_clear()
    yield monkeypatch
    iam._rds.cache_clear()


@pytest.fixture
def reached_by_token(monkeypatch: pytest.MonkeyPatch) -> tuple[DatabaseWrapper, list[tuple]]:
    """The tests' own database, reached as RDS is, and each token that was asked for."""
    settings = connections["default"].settings_dict
    asked = []

    def token(*of: str) -> str:
        asked.append(of)
        return settings["PASSWORD"]

    monkeypatch.setattr(iam, "token", token)
    return DatabaseWrapper({**settings, "PASSWORD": ""}, "by token"), asked


@pytest.mark.django_db
def test_each_connection_is_opened_with_a_token_of_its_own(reached_by_token):
    connection, asked = reached_by_token
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (connection.settings_dict["USER"],)
        connection.close()
    at = connection.settings_dict
    assert asked == [(at["HOST"], at["PORT"], at["USER"])] * 2


def test_a_pool_would_keep_its_first_token_and_is_refused(reached_by_token):
    connection, _ = reached_by_token
    connection.settings_dict["OPTIONS"] = {"pool": True}
    with pytest.raises(ImproperlyConfigured, match="cannot be pooled"):
        connection.get_connection_params()


def test_beside_rds_there_is_no_password_and_the_server_proves_who_it_is(at_rds):
    settings = at_rds()
    assert settings["ENGINE"] == "composeexample.postgresql"
    assert settings["PASSWORD"] == ""
    assert settings["OPTIONS"]["sslmode"] == "verify-full"
    assert settings["OPTIONS"]["sslrootcert"] == str(RDS_ROOTS)


def test_elsewhere_the_password_is_needed(monkeypatch):
    monkeypatch.setenv("POSTGRES_PASSWORD", "")
    with pytest.raises(ImproperlyConfigured, match="POSTGRES_PASSWORD is not set"):
        database()


def test_another_way_in_is_a_typing_error(monkeypatch):
    monkeypatch.setenv("POSTGRES_AUTH", "IAM")
    with pytest.raises(ImproperlyConfigured, match="POSTGRES_AUTH must be password or iam, not 'IAM'"):
        database()


def test_the_roots_are_amazons_and_last(tmp_path: Path):
    roots = ssl.create_default_context(cafile=str(RDS_ROOTS)).get_ca_certs()
    year = timedelta(days=365)
    for root in roots:
        names = dict(part for parts in root["subject"] for part in parts)
        assert names["organizationalUnitName"] == "Amazon RDS"
        assert root["subject"] == root["issuer"]
        ends = datetime.strptime(root["notAfter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=timezone.utc)
        assert ends > datetime.now(timezone.utc) + 5 * year
    said = {dict(part for parts in root["subject"] for part in parts)["commonName"] for root in roots}
    assert {"Amazon RDS us-east-1 Root CA RSA2048 G1", "Amazon RDS sa-east-1 Root CA RSA2048 G1"} <= said


def test_a_token_is_signed_with_the_tasks_credentials(signer):
    signer.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    signer.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    signer.setenv("AWS_SESSION_TOKEN", "of-the-task")
    token = iam.token(HOST, "5432", "web_application")
    assert token.startswith(f"{HOST}:5432/?")
    said = {name: value for name, (value,) in parse_qs(urlsplit(f"https://{token}").query).items()}
    assert said["Action"] == "connect"
    assert said["DBUser"] == "web_application"
    assert said["X-Amz-Expires"] == "900"
    assert said["X-Amz-Security-Token"] == "of-the-task"
    assert said["X-Amz-Credential"].startswith("AKIDEXAMPLE/")
    assert said["X-Amz-Credential"].endswith("/us-east-1/rds-db/aws4_request")


def test_without_credentials_the_database_counts_as_not_reached(signer):
    with pytest.raises(
        OperationalError, match="No token to connect to the database with: Unable to locate credentials"
    ):
        iam.token(HOST, "5432", "web_application")
