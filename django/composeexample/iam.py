"""Tokens by which Amazon RDS knows who connects, in place of passwords."""

import functools

import botocore.session
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError
from django.db import OperationalError

from composeexample.environment import required


def token(host: str, port: str, user: str) -> str:
    """
    A token for one user of the database. It is signed here: no network is asked, except for the task's credentials,
    which botocore fetches from the task's own endpoint and renews in time.
    """
    try:
        return _rds().generate_db_auth_token(DBHostname=host, Port=int(port), DBUsername=user)
    except BotoCoreError as error:
        # What the rest of Django takes for a database that cannot be reached: readyz answers 503, not 500.
        raise OperationalError(f"No token to connect to the database with: {error}") from error


@functools.cache
def _rds() -> BaseClient:
    """Thread-safe, as botocore's clients are."""
    return botocore.session.get_session().create_client("rds", region_name=required("AWS_REGION"))
