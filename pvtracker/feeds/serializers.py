"""The shape of the feed, for its OpenAPI description. What is sent is written by `queries.ENTRIES`."""

from __future__ import annotations

from rest_framework import serializers

from pvtracker.audit.models import Operation


class CodedTerm(serializers.Serializer[object]):
    dictionary = serializers.CharField()
    release = serializers.CharField()
    lowest_level_term = serializers.CharField()
    preferred_term = serializers.CharField()
    high_level_term = serializers.CharField()
    high_level_group_term = serializers.CharField()
    system_organ_class = serializers.CharField()


class AssessmentShape(serializers.Serializer[object]):
    intervention = serializers.CharField()
    assessor = serializers.CharField()
    causality = serializers.CharField()
    causality_reported = serializers.CharField()
    action_taken = serializers.CharField()
    action_reported = serializers.CharField(help_text="As delivered, where action_taken has no word for it.")


class EventShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    study = serializers.CharField()
    participant = serializers.UUIDField()
    subject = serializers.CharField()
    site = serializers.CharField()
    number = serializers.IntegerField(help_text="Within the participant.")
    verbatim = serializers.CharField()
    term = CodedTerm(allow_null=True)
    onset = serializers.CharField(help_text="As known: 2026, 2026-03, 2026-03-05, or empty. Never padded.")
    end = serializers.CharField()
    ongoing = serializers.BooleanField()
    aware_on = serializers.CharField()
    phase = serializers.CharField()
    scale = serializers.CharField()
    grade = serializers.IntegerField(allow_null=True)
    severity_reported = serializers.CharField()
    serious = serializers.BooleanField(allow_null=True)
    criteria = serializers.ListField(child=serializers.CharField())
    outcome = serializers.CharField()
    outcome_reported = serializers.CharField(help_text="As delivered, where outcome has no word for it.")
    assessments = AssessmentShape(many=True)
    narrative = serializers.CharField()
    state = serializers.CharField()
    version = serializers.IntegerField()


class SignatureShape(serializers.Serializer[object]):
    printed_name = serializers.CharField()
    role = serializers.CharField()
    meaning = serializers.CharField(help_text="responsibility, authorship …")
    signed_at = serializers.DateTimeField(help_text="In the zone of time_zone.")
    time_zone = serializers.CharField(help_text="UTC")
    version = serializers.IntegerField(help_text="A later version of the event voids the signature.")
    record_sha256 = serializers.CharField()


class EntryShape(serializers.Serializer[object]):
    sequence = serializers.IntegerField(help_text="1, 2, 3 … within the study, without a hole.")
    event_id = serializers.UUIDField()
    version = serializers.IntegerField(help_text="Keep the highest version of each event.")
    operation = serializers.ChoiceField(choices=Operation.choices)
    recorded_at = serializers.DateTimeField()
    reason = serializers.CharField()
    event = EventShape()
    signature = SignatureShape(
        allow_null=True,
        help_text="Of an entry whose operation is signed: the event is the signed version, unchanged.",
    )


class FeedShape(serializers.Serializer[object]):
    study = serializers.CharField()
    entries = EntryShape(many=True)
    head = serializers.IntegerField(help_text="The highest number given so far.")
    more = serializers.BooleanField(help_text="True when there is another page now.")
    cursor = serializers.CharField(help_text="Give it back to go on from here, now or next year.")


class ProblemShape(serializers.Serializer[object]):
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
