"""The tables and the plot of docs/performance.md, from what `bench.serving` has measured.

python -m bench.report [DOCUMENT]
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from api.settings import workers_for
from bench.serving import RESULTS
from bench.tools.servers import FASTAPI, KERAS, ROOT, SERVICE

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: made by `make bench` -->\n", "<!-- bench: end -->\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("document", nargs="?", type=Path, default=DOCUMENT, help="has the marks")
    document = parser.parse_args().document
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(before + BEGIN + _tables(results) + END + after, encoding="utf-8")
    plot = document.parent / "images" / f"{document.stem}.png"
    plot.parent.mkdir(exist_ok=True)
    if results.get("capacity"):
        _plot(results, plot)
    print(f"{document} and {plot} are written.")


def _tables(results: dict[str, Any]) -> str:
    parts = [_machine(results["machine"])]
    parts += [
        make(results)
        for name, make in (("capacity", _capacity), ("sizes", _sizes), ("latency", _latency))
        if results.get(name)
    ]
    if all(results.get(name) for name in ("capacity", "sizes", "latency")):
        parts.append(_goals(results))
    return "\n" + "\n".join(parts) + "\n"


def _machine(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    peers = ", ".join(f"{name} {number}" for name, number in found["peers"].items())
    photos = "real photos" if found["real photos"] else "drawn pictures"
    model = f"model {found['model']}, " if "model" in found else ""
    return (
        f"{found['date']}, {found['cpu']}, Python {found['python']}, {found['system']}; "
        f"{model}{photos}.\n"
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


def _goals(results: dict[str, Any]) -> str:
    """What is wanted of the service, and what was found; what misses its goal is bold."""
    capacity, sizes = results["capacity"], results["sizes"]
    lines = ["| | wanted | found |", "|---|---|---|"]

    def add(what: str, wanted: str, found: str, reached: bool) -> None:
        lines.append(f"| {what} | {wanted} | {found if reached else f'**{found}**'} |")

    for precision, floor in results["floor"].items():
        own = capacity.get(f"{SERVICE}, {precision}")
        others = _peers(capacity, precision)
        if not own or not others:
            continue
        share = floor["cpu_ms"] / own["cpu_ms"]
        add(f"of the floor, {precision}", "at least 0.85", f"{share:.2f}", share >= 0.85)
        ratio = own["cpu_ms"] / min(one["cpu_ms"] for one in others.values())
        what = f"CPU per picture, {precision}, against the best peer with the same file"
        add(what, "at most as much", f"{ratio:.2f} of it", ratio <= 1)
        p99 = {name: one["p99_ms"]["8"] for name, one in others.items()}
        for name, wanted, most in ((FASTAPI, "as long", 1.0), (None, "1.1 times as long", 1.1)):
            if name is None or name in p99:
                ratio = own["p99_ms"]["8"] / (p99[name] if name else min(p99.values()))
                what = f"p99 with 8 connections, {precision}, against {name or 'the best peer'}"
                add(what, f"at most {wanted}", f"{ratio:.2f} times", ratio <= most)
        cheaper = [
            other["12 MP"]["cpu_ms"] / sizes[f"{SERVICE}, {precision}"]["12 MP"]["cpu_ms"]
            for other in _peers(sizes, precision).values()
        ]
        what = f"12 megapixels, {precision}, against peers that decode all of them"
        found = f"{min(cheaper):.1f} to {max(cheaper):.1f} times cheaper"
        add(what, "at least 3 times cheaper", found, min(cheaper) >= 3)
        memory = own["pss_mb"] / workers_for(int(results["machine"]["cpu"].split()[0]))
        add(f"memory of a worker, {precision}", "at most 250 MB", f"{memory:.0f} MB", memory <= 250)
        late = results["latency"][f"{SERVICE}, {precision}"]
        ratio = late["70%"]["p99_ms"] / late["quiet_p50_ms"]
        what = f"p99 at 70 % of capacity, {precision}, against the quiet median"
        add(what, "at most 3 times as long", f"{ratio:.1f} times", ratio <= 3)
    ours = [one for key, one in capacity.items() if key.startswith(f"{SERVICE}, ")]
    ready = max(one["ready_s"] for one in ours)
    add("start to first answer", "at most 1.5 s", f"{ready:.1f} s", ready <= 1.5)
    if keras := capacity.get(f"{KERAS}, float32"):
        times = max(one["per_second"] for one in ours) / keras["per_second"]
        what = "pictures per second, against Flask + Keras predict"
        add(what, "at least 10 times", f"{times:.0f} times", times >= 10)
    return "\n".join(lines) + "\n"


def _peers(found: dict[str, Any], precision: str) -> dict[str, Any]:
    """name -> figures, of the peers that serve the same file in the same way"""
    keys = (key.rsplit(", ", 1) for key in found)
    return {
        name: found[f"{name}, {kind}"]
        for name, kind in keys
        if kind == precision and name not in (SERVICE, KERAS)
    }


def _plot(results: dict[str, Any], file: Path) -> None:
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
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
