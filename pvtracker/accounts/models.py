"""People who sign in to this room. An account belongs to one room; `person` links a human's two accounts."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from pvtracker.audit.context import Actor


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by user name, whatever the case of its letters."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """One person's way into this room. Never deleted and never reused, only deactivated."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=60, unique=True)
    full_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    person = models.UUIDField(default=uuid.uuid4)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="account_username_once")]

    def __str__(self) -> str:
        return self.full_name

    def actor(self, role: str = "") -> Actor:
        """This person as the actor of an action."""
        return Actor(id=str(self.id), name=self.full_name, role=role)
