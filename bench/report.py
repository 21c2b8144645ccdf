"""The table and the plot of docs/performance.md, from what `bench.serving` has measured.

python -m bench.report
"""

import json
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from bench.serving import RESULTS
from bench.tools.servers import ROOT, SERVICE

DOCUMENT = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.png"
BEGIN, END = "<!-- bench: made by `make bench` -->\n", "<!-- bench: end -->\n"


def main() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + BEGIN + _tables(results) + END + after, encoding="utf-8")
    if results.get("capacity"):
        _plot(results)
    print(f"{DOCUMENT} and {PLOT} are written.")


def _tables(results: dict[str, Any]) -> str:
    parts = [_machine(results["machine"])]
    parts += [
        make(results)
        for name, make in (("capacity", _capacity), ("sizes", _sizes), ("latency", _latency))
        if results.get(name)
    ]
    return "\n" + "\n".join(parts) + "\n"


def _machine(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    peers = ", ".join(f"{name} {number}" for name, number in found["peers"].items())
    photos = "real photos" if found["real photos"] else "drawn pictures"
    return (
        f"{found['date']}, {found['cpu']}, Python {found['python']}, {found['system']}; {photos}.\n"
        f"{versions}; peers: {peers}.\n"
    )


def _capacity(results: dict[str, Any]) -> str:
    lines = [
        "Photos of 500×375, 8 connections. *Of the floor*: the floor's CPU time per picture as a"
        " share of this one's.\n",
        "| server | file | CPU per picture | of the floor | pictures/s | p50, p99 |"
        " p50 alone | memory (PSS) | start to first answer |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for precision, floor in results["floor"].items():
        lines.append(
            f"| *floor: decode and inference alone* | {precision} | {floor['cpu_ms']:.1f} ms | 1"
            f" | {floor['per_second']:.0f} | | | | |"
        )
    for key, one in results["capacity"].items():
        name, precision = key.rsplit(", ", 1)
        floor = results["floor"].get(precision)
        share = f"{floor['cpu_ms'] / one['cpu_ms']:.2f}" if floor else ""
        shown = f"**{name}**" if name == SERVICE else name
        lines.append(
            f"| {shown} | {precision} | {one['cpu_ms']:.1f} ms | {share}"
            f" | {one['per_second']:.0f} | {one['p50_ms']['8']:.0f}, {one['p99_ms']['8']:.0f} ms"
            f" | {one['p50_ms']['1']:.1f} ms | {one['pss_mb']:.0f} MB | {one['ready_s']:.1f} s |"
        )
    return "\n".join(lines) + "\n"


def _sizes(results: dict[str, Any]) -> str:
    kinds = list(next(iter(results["sizes"].values())))
    lines = [
        "CPU time per picture and pictures per second with other photos, 4 connections.\n",
        "| server | file | " + " | ".join(kinds) + " |",
        "|---|---|" + "---|" * len(kinds),
    ]
    for key, one in results["sizes"].items():
        name, precision = key.rsplit(", ", 1)
        cells = [f"{one[kind]['cpu_ms']:.0f} ms, {one[kind]['per_second']:.1f}/s" for kind in kinds]
        lines.append(f"| {name} | {precision} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _latency(results: dict[str, Any]) -> str:
    shares = [key for key in next(iter(results["latency"].values())) if key.endswith("%")]
    lines = [
        "Open loop, random arrivals at a share of each one's own capacity: p50, p99.\n",
        "| server | file | alone, p50 | " + " | ".join(shares) + " |",
        "|---|---|---|" + "---|" * len(shares),
    ]
    for key, one in results["latency"].items():
        name, precision = key.rsplit(", ", 1)
        cells = [f"{one[share]['p50_ms']:.0f}, {one[share]['p99_ms']:.0f} ms" for share in shares]
        lines.append(
            f"| {name} | {precision} | {one['quiet_p50_ms']:.1f} ms | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines) + "\n"


def _plot(results: dict[str, Any]) -> None:
    """CPU time per picture of everyone, the floors as lines; logarithmic."""
    found = sorted(results["capacity"].items(), key=lambda item: -item[1]["cpu_ms"])
    names = [key for key, _ in found]
    colours = ["#2a6f97" if name.startswith(SERVICE) else "#b8c4cc" for name in names]
    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    times = [one["cpu_ms"] for _, one in found]
    axes.scatter(times, names, c=colours, s=60, zorder=2)
    for name, spent in zip(names, times, strict=True):
        axes.annotate(f"{spent:.1f}", (spent, name), (7, -3), textcoords="offset points")
    for precision, floor in results["floor"].items():
        axes.axvline(floor["cpu_ms"], color="#c44536", linestyle=":", linewidth=1)
        axes.annotate(
            f"floor, {precision}",
            (floor["cpu_ms"], 1.01),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            ha="center",
        )
    axes.set_xscale("log")
    axes.set_xticks([3, 5, 10, 20, 50], ["3", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.set_xlabel("CPU time per picture, all processes of the server, ms")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PLOT, dpi=110)


if __name__ == "__main__":
    main()
