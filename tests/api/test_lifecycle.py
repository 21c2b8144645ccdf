"""Reloads and killed workers under load: what visitors see of them, and what /metrics counts."""

from support.lifecycle import CLIENTS, measure


def test_reloads_lose_nothing_and_metrics_add_up() -> None:
    report = measure(400, reloads=3, kills=0)
    assert (report.accepted, report.refused) == (2, 1)
    assert not report.lost
    assert not report.mixed
    assert {status for _, status in report.answers} == {"200"}
    assert len(report.versions) == 3
    assert report.counted == report.answers
    assert report.counted_verdicts == report.verdicts


def test_a_kill_loses_what_the_worker_held() -> None:
    report = measure(600, reloads=2, kills=2)
    assert not report.mixed
    assert not report.lost_without_a_kill
    assert len(report.lost) <= CLIENTS * len(report.kills)
    assert {status for _, status in report.answers} == {"200"}
    surplus = report.counted.total() - report.answers.total()
    assert 0 <= surplus <= len(report.lost), "what was counted, but lost on its way out"
