"""How the database is reached: by a password, or, as on Amazon RDS, by IAM."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from composeexample.environment import optional, required
from composeexample.release import RELEASE

# RDS certificates are signed by Amazon's own roots, each region's by others, which no operating system brings.
RDS_ROOTS = Path(__file__).resolve().parent / "rds-ca.pem"

COMMON = {
    # One connection for each of gunicorn's threads, kept between requests. Both slots hold theirs during a deployment:
    # (blue + green tasks) x WEB_CONCURRENCY x WEB_THREADS must stay below max_connections.
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
}


def database() -> dict:
    """Django's settings of the one database, from the environment."""
    auth = optional("POSTGRES_AUTH", "password")
    if auth not in {"password", "iam"}:
        raise ImproperlyConfigured(f"The environment variable POSTGRES_AUTH must be password or iam, not {auth!r}.")
    by_iam = auth == "iam"
    sslmode = optional("POSTGRES_SSLMODE", "verify-full" if by_iam else "prefer")
    options = {
        "sslmode": sslmode,
        # Where RDS asks IAM first, a connection takes longer to open.
        "connect_timeout": 5 if by_iam else 3,
        "application_name": " ".join(filter(None, ["guestbook", RELEASE["version"], RELEASE["slot"]])),
        "options": "-c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000",
    }
    if sslmode.startswith("verify"):
        options["sslrootcert"] = optional("PGSSLROOTCERT", str(RDS_ROOTS))
    return {
        **COMMON,
        "ENGINE": "composeexample.postgresql" if by_iam else "django.db.backends.postgresql",
        "HOST": required("POSTGRES_HOST"),
        "PORT": optional("POSTGRES_PORT", "5432"),
        "NAME": required("POSTGRES_NAME"),
        "USER": required("POSTGRES_USER"),
        "PASSWORD": "" if by_iam else required("POSTGRES_PASSWORD"),
        "OPTIONS": options,
    }
