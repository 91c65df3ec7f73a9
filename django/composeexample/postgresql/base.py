"""Django's PostgreSQL for a server that knows its users by IAM: each new connection is opened with a new token."""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base

from composeexample import iam


class DatabaseWrapper(base.DatabaseWrapper):
    """
    A token lets one in for 15 minutes and ends no connection that is open by then (RDS User Guide, "IAM database
    authentication"). Django asks for the parameters each time it opens a connection, so that none is ever too old, and
    CONN_MAX_AGE is free to keep connections for as long as is good for other reasons.
    """

    def get_connection_params(self) -> dict:
        settings = self.settings_dict
        if settings["OPTIONS"].get("pool"):
            # It would ask once, and open connections with that token for ever.
            raise ImproperlyConfigured("Connections by IAM cannot be pooled: take `pool` out of OPTIONS.")
        return {
            **super().get_connection_params(),
            "password": iam.token(settings["HOST"], settings["PORT"], settings["USER"]),
        }
