"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "composeexample.settings")

ERROR_REPORTS_URL = os.environ["ERROR_REPORTS_URL"]

application = get_wsgi_application()
