"""The token door: client credentials and nothing else, whatever the library would also understand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import TokenView

GRANT = "client_credentials"


class ClientTokenView(TokenView):  # type: ignore[misc]  # the library ships no types
    """Refuses other grants itself, because the library answers some of them with a fault (RFC 6749, 5.2)."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") != GRANT:
            return JsonResponse({"error": "unsupported_grant_type"}, status=400)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


class ClientValidator(OAuth2Validator):  # type: ignore[misc]  # the library ships no types
    """Knows no client whose id the database cannot even be asked for."""

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)
