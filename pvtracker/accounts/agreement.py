"""The user agreement. A changed text gets the next version, and everybody is asked again."""

from __future__ import annotations

VERSION = "1"
TITLE = "User agreement"
TEXT = (
    "My account is mine alone. I do not lend it, and I tell nobody my password or my codes, administrators included.",
    "My electronic signature is as binding as one by hand. What I sign here I answer for.",
    "What I record is what I know, entered when I know it. I correct by a new version with a reason; nothing goes.",
    "Everything I do here is recorded under my name with its time; in the closed room so is everything I look at.",
    "Blinded, I do not try to find out who received what, and I report it at once when I have learnt it. Unblinded, I "
    "tell nobody who is blinded, in words, in numbers or by what I do.",
    "I keep participants' data inside this system and the study's files, and I end my session when I leave my place.",
    "I report a lost device, a password that somebody may know, and anything that looks wrong to the people who manage "
    "accounts, at once.",
)
