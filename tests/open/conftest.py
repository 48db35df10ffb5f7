"""A small study, made once for the tests of a module."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.open.world import World, make_world


@pytest.fixture(scope="module")
def two_sites_once(kept: None) -> World:
    return make_world()


@pytest.fixture
def two_sites(db: None, two_sites_once: World) -> World:
    """The study of `make_world` as it was made: in a transaction of the test, with objects that no other test has."""
    return deepcopy(two_sites_once)
