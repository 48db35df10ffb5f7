"""The sponsor API, version 1. Known client: a sponsor's safety database.

Promise: fields are added, never removed or changed in meaning; entries of one study come in the order of their dense
numbers; an entry is delivered at least once; a cursor stays good until the feed is restored from a backup (410 then).
"""

from __future__ import annotations

import json

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from oauth2_provider.contrib.rest_framework import TokenHasScope
from rest_framework.request import Request
from rest_framework.views import APIView

from pvtracker.feeds import actions, queries
from pvtracker.feeds.models import FeedHead
from pvtracker.feeds.serializers import FeedShape, ProblemShape

ALLOWED = {"cursor"}


def problem(status: int, title: str, detail: str) -> HttpResponse:
    """An error as RFC 9457 describes it."""
    body = json.dumps({"title": title, "status": status, "detail": detail})
    return HttpResponse(body, status=status, content_type="application/problem+json")


class AdverseEventFeed(APIView):
    """Every version of every adverse event of a study, amendments and voids included."""

    permission_classes = (TokenHasScope,)
    required_scopes = ("feed",)

    @extend_schema(
        operation_id="read_adverse_events",
        parameters=[
            OpenApiParameter("cursor", str, description="From the answer before; leave out to start.")
        ],
        responses={
            200: FeedShape,
            400: ProblemShape,
            401: None,
            403: None,
            404: ProblemShape,
            410: ProblemShape,
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Entries after the cursor, at most 500. Ask again with the new cursor; an empty page means: up to date."""
        unknown = sorted(set(request.query_params) - ALLOWED)
        if unknown or len(request.query_params.getlist("cursor")) > 1:
            return problem(
                400, "Unknown parameter", "This address takes one parameter, cursor, at most once."
            )
        client_id = request.auth.application_id  # type: ignore[union-attr]  # an access token, by the authentication class
        study = queries.readable_study(client_id, code)
        if study is None:
            return problem(404, "No such study", "There is no study of this code for this client.")
        actions.number(study.id)
        head = FeedHead.objects.get(study=study)
        try:
            after = queries.read_cursor(
                request.query_params.get("cursor", ""), head=head, client_id=client_id
            )
        except queries.CursorRefused as refusal:
            return problem(400, "Cursor refused", str(refusal))
        except queries.CursorExpired as expired:
            return problem(410, "Cursor expired", str(expired))
        page = queries.page_after(study.id, after)
        cursor = queries.write_cursor(page.last, head=head, client_id=client_id)
        body = '{{"study":{},"entries":[{}],"head":{},"more":{},"cursor":{}}}'.format(
            json.dumps(study.code),
            ",".join(page.entries),
            page.head,
            "true" if page.last < page.head else "false",
            json.dumps(cursor),
        )
        return HttpResponse(body, content_type="application/json")
