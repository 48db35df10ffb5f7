"""The web process of one room."""

from django.core.wsgi import get_wsgi_application

from pvtracker.ops.guard import refuse_demo_secrets, refuse_open_tables, refuse_powerful_login

application = get_wsgi_application()
refuse_powerful_login()
refuse_open_tables()
refuse_demo_secrets()
