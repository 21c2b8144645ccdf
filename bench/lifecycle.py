"""What reloads and killed workers cost visitors: `python -m bench.lifecycle`.

Eight clients ask without a pause, while models are reloaded (every third folder is a damaged one)
and then also workers are killed. Prints what docs/operations.md quotes; takes about a minute.
"""

from collections import Counter

from support.lifecycle import measure


def main() -> None:
    for kills in (0, 5):
        report = measure(5_000, reloads=10, kills=kills)
        answers = sum(report.answers.values())
        print(
            f"{answers} answers, {report.accepted} reloads, {report.refused} refused, {kills} kills"
        )
        print(f"  statuses                           {_by_status(report.answers)}")
        print(f"  lost                               {len(report.lost)}")
        print(f"  lost with no kill to blame         {report.lost_without_a_kill}")
        print(f"  answers that mix two models        {len(report.mixed)}")
        print(f"  versions that answered             {len(report.versions)}")
        print(f"  requests in /metrics − answers     {sum(report.counted.values()) - answers}")


def _by_status(answers: Counter[tuple[str, str]]) -> str:
    found: Counter[str] = Counter()
    for (_, status), count in answers.items():
        found[status] += count
    return ", ".join(f"{status}: {count}" for status, count in sorted(found.items()))


if __name__ == "__main__":
    main()
