"""Who may do what with a code break, as sentences. No rule looks at an arm."""

from __future__ import annotations

import datetime

from pvtracker.accounts.models import Account
from pvtracker.allocation.enums import MAY_BE_SHOWN, BreakState
from pvtracker.allocation.models import CodeBreak

COUNTERSIGN_WITHIN = datetime.timedelta(hours=24)


class CodeBreakRefused(ValueError):
    """This step cannot be taken; the text is a sentence for the person who asked, and tells no arm."""


def check_can_give_opinion(code_break: CodeBreak, *, account: Account) -> None:
    """A second person: another human than the one who asked, and not the one who is to be told."""
    if str(account.id) == code_break.requested_by or account.person == code_break.requested_person:
        raise CodeBreakRefused("Nobody approves their own code break. Somebody else with that right has to.")
    if str(account.id) == code_break.recipient_account:
        raise CodeBreakRefused("You are the person to be told. Somebody else has to approve.")
    if code_break.opinion:
        raise CodeBreakRefused(
            f"{code_break.opinion_by_name} has answered this code break already; an answer stands."
        )
    if code_break.state in (BreakState.DECLINED, BreakState.WITHDRAWN):
        raise CodeBreakRefused("This code break has ended. Nothing is left to approve.")


def check_can_withdraw(code_break: CodeBreak, *, account: Account) -> None:
    """Only who asked, and only before the arm was shown."""
    if str(account.id) != code_break.requested_by:
        raise CodeBreakRefused("Only the person who asked for a code break can withdraw it.")
    if code_break.state not in (BreakState.WAITING, BreakState.APPROVED, BreakState.EMERGENCY):
        raise CodeBreakRefused("Only a code break whose arm was not shown can be withdrawn.")


def check_can_be_shown(code_break: CodeBreak, *, account: Account, again: str) -> None:
    """To the person who asked and to nobody else; once, and again only with a reason."""
    if str(account.id) != code_break.requested_by:
        raise CodeBreakRefused("The arm is shown to the person who asked for it and to nobody else.")
    if code_break.state == BreakState.WAITING:
        raise CodeBreakRefused("A second person has to approve before the arm is shown.")
    if code_break.state not in MAY_BE_SHOWN:
        raise CodeBreakRefused("This code break has ended; the arm is not shown.")
    if code_break.state == BreakState.OPENED and not again:
        raise CodeBreakRefused("The arm was shown before. Say why it has to be shown again.")


def check_can_record_telling(code_break: CodeBreak, *, account: Account) -> None:
    """By the person who saw the arm, once it was shown."""
    if str(account.id) != code_break.requested_by:
        raise CodeBreakRefused("Whoever saw the arm records who was told.")
    if code_break.state != BreakState.OPENED:
        raise CodeBreakRefused("Nobody can have been told before the arm was shown.")


def countersign_due(code_break: CodeBreak) -> datetime.datetime | None:
    """Until when a second person has to look at an emergency; None when nobody has to any more."""
    waiting = code_break.emergency and not code_break.opinion and code_break.state != BreakState.WITHDRAWN
    return code_break.requested_at + COUNTERSIGN_WITHIN if waiting else None
