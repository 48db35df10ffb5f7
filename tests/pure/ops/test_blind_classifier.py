"""The classifier finds what tells the arm, finds nothing in chance, and fails by technical features only."""

from __future__ import annotations

import numpy as np
import pytest

from pvtracker.ops.blind.classifier import FAR, auc_and_shuffles, classify, cross_validated_auc
from pvtracker.ops.blind.features import CLINICAL, NUMBER, ORDER, RANDOM, Feature

RNG = np.random.default_rng(5)
ARMS = ["A"] * 36 + ["B"] * 38
MINE = np.array([arm == "A" for arm in ARMS])


def noise(name: str, channel: str = ORDER) -> Feature:
    return Feature(name, channel, RNG.permutation(len(ARMS)).astype(float))


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert auc_and_shuffles(values, np.array([False, False, True, True]), 10)[0] == 1.0
    assert auc_and_shuffles(values, np.array([True, False, False, True]), 10)[0] == 0.5
    assert auc_and_shuffles(np.ones(4), np.array([True, False, False, True]), 10)[0] == 0.5


def test_nothing_is_found_in_chance() -> None:
    findings = classify([noise(f"f{n}") for n in range(20)], ARMS)
    assert not [one for one in findings if one.fails]
    assert len(findings) == 21  # the features and their model


def test_a_feature_that_orders_by_arm_fails() -> None:
    findings = classify([noise("chance"), Feature("ordered", NUMBER, np.arange(74.0))], ARMS)
    failed = {one.feature for one in findings if one.fails}
    assert "ordered" in failed and "chance" not in failed


def test_a_weak_lean_of_a_few_features_together_is_found_by_the_model() -> None:
    lean = [Feature(f"lean{n}", ORDER, RNG.normal(size=74) + 0.9 * MINE) for n in range(6)]
    [model] = [one for one in classify(lean, ARMS) if one.channel == "model"]
    assert model.fails and model.auc > 0.8


def test_that_a_value_is_missing_in_one_arm_only_is_found() -> None:
    values = np.where(MINE, np.nan, 1.0)
    assert classify([Feature("missing", ORDER, values)], ARMS)[0].fails


def test_random_ids_fail_far_from_chance_only() -> None:
    [chance] = classify([noise("id", RANDOM)], ARMS)
    [ordered] = classify([Feature("id", RANDOM, np.arange(74.0))], ARMS)
    assert not chance.fails and ordered.fails and ordered.deviations > FAR


def test_clinical_features_are_reported_and_never_fail() -> None:
    [one] = classify([Feature("events", CLINICAL, MINE.astype(float))], ARMS)
    assert one.p < 0.001 and one.auc == 1.0 and not one.fails


def test_three_arms_are_each_compared_with_the_others() -> None:
    arms = ["A"] * 25 + ["B"] * 25 + ["C"] * 25
    findings = classify([Feature("order", ORDER, np.arange(75.0))], arms)
    assert {one.arm for one in findings} == {"A", "B", "C"}
    assert {one.arm for one in findings if one.fails and one.channel == ORDER} == {"A", "C"}


def test_who_has_no_arm_is_left_out_and_tiny_arms_are_not_judged() -> None:
    values = np.arange(76.0)
    assert classify([Feature("order", ORDER, values)], ["", *ARMS, ""])[0].auc == pytest.approx(0.0)
    assert classify([Feature("order", ORDER, np.arange(12.0))], ["A"] * 3 + ["B"] * 9) == []


def test_the_same_data_give_the_same_verdict() -> None:
    features = [noise("a"), noise("b")]
    assert classify(features, ARMS) == classify(features, ARMS)


def test_cross_validation_is_no_better_than_chance_on_noise() -> None:
    columns = RNG.normal(size=(74, 10))
    fold = np.arange(74) % 5
    assert 0.25 < cross_validated_auc(columns, MINE, fold) < 0.75
