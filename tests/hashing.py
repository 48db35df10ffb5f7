"""What the hash of a password costs in tests: next to nothing, and elsewhere a quarter of a second."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher

# What a hash costs where nobody made it cheap: passes, KiB of memory, threads.
COST = (
    Argon2PasswordHasher.time_cost,
    Argon2PasswordHasher.memory_cost,
    Argon2PasswordHasher.parallelism,
)


def hash_cheaply() -> None:
    """Argon2id as always, at the least cost that it has."""
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = (
        1,
        8,
        1,
    )
