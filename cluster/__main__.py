"""python -m cluster: the service and the bulk job on a Ray cluster.

    python -m cluster serve                       the service; again: upgrade it without a pause
    python -m cluster status                      what runs, and how many replicas
    python -m cluster stop                        drain it, then end it
    python -m cluster classify PHOTOS RESULTS     every photo of a folder or list, into Parquet

Settings are those of the service (README.md). The cluster is the one at --address or RAY_ADDRESS,
else the one on this machine, else a new one that ends with the command. See docs/scaling.md.
"""

import argparse
import signal
import sys
import threading
from types import FrameType

from api.settings import Settings
from common.errors import DogorcatError
from common.file_names import any_terminal, printable
from common.photo_files import told


def main(argv: list[str] | None = None) -> int:
    any_terminal()
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except DogorcatError as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written
        where = printable(error.filename or "Writing")
        print(f"error: {where}: {printable(error.strerror or error)}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130


def _serve(args: argparse.Namespace) -> int:
    # Ray takes seconds to import, and the parser should not wait for it.
    from cluster.connection import connected, cpus
    from cluster.serving import Scale, deploy, stop

    settings = Settings.load()
    with connected(args.address, settings.model_dir) as stays:
        scale = Scale(
            min_replicas=args.min_replicas,
            max_replicas=args.max_replicas or cpus(),
            target_ongoing=args.target_ongoing,
            max_ongoing=args.max_ongoing,
            max_queued=args.max_queued,
            cpus=args.cpus,
            upscale_delay_s=args.upscale_delay,
            downscale_delay_s=args.downscale_delay,
        )
        print(f"Starting {scale.min_replicas} to {scale.most} replicas …", flush=True)
        deploy(settings, scale)
        where = f"port {settings.port} of every machine" if stays else "this machine"
        print(f"Serving on {where}: http://{settings.host}:{settings.port}", flush=True)
        if stays:
            print("It goes on without this command; `python -m cluster stop` ends it.")
            return 0
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()
        print("Draining …", flush=True)
        stop()
    return 0


def _status(args: argparse.Namespace) -> int:
    from cluster.connection import connected
    from cluster.serving import status

    with connected(args.address):
        print(status())
    return 0


def _stop(args: argparse.Namespace) -> int:
    from cluster.connection import connected
    from cluster.serving import stop

    with connected(args.address):
        stop()
    return 0


def _classify(args: argparse.Namespace) -> int:
    from cluster.bulk.inputs import Inputs
    from cluster.bulk.plan import plan
    from cluster.bulk.shards import ShardFolder

    settings = Settings.load()
    inputs = Inputs(args.input)
    job = plan(inputs, ShardFolder(args.output), settings, args.shard)
    for line in told(inputs.passed_over):
        print(line, file=sys.stderr)
    # Bad input has been refused by now; Ray takes seconds to import and to start.
    from cluster.bulk.job import classify
    from cluster.connection import connected

    with connected(args.address, settings.model_dir):
        interrupted = threading.Event()

        def interrupt(number: int, frame: FrameType | None) -> None:
            interrupted.set()  # the exception is lost if it is raised within a callback of Ray
            raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt)
        try:
            summary = classify(job, workers=args.workers, interrupted=interrupted)
        except KeyboardInterrupt:
            print(
                "\nInterrupted. What is done is kept; the same command goes on from there.",
                file=sys.stderr,
            )
            return 130
    folder = printable(args.output)
    print(f"{summary.rows} photos in {folder}; {summary.errors} of this run have an error.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    serve = _command(commands, "serve", _serve, "run the service, or upgrade what runs")
    serve.description = (
        "Runs the service on every machine of the cluster, at HOST and PORT. Run it again with new "
        "code, models or options, and the replicas are replaced one after the other; no request is "
        "lost. The models of MODEL_DIR travel to the machines; other files that a setting names "
        "must lie there already."
    )
    number = {"type": _positive, "metavar": "N"}
    serve.add_argument("--min-replicas", default=1, **number, help="at the quietest (1)")
    serve.add_argument("--max-replicas", **number, help="at the busiest (CPUs of the cluster)")
    serve.add_argument(
        "--target-ongoing", default=4.0, type=_positive_float, metavar="N",
        help="requests in progress per replica that the number of replicas follows (4)",
    )  # fmt: skip
    serve.add_argument(
        "--max-ongoing", default=16, **number,
        help="requests that a replica works on at the same time, each in a thread (16)",
    )  # fmt: skip
    serve.add_argument(
        "--max-queued", default=64, **number,
        help="requests that wait on a machine for a replica; one more is answered 503 (64)",
    )  # fmt: skip
    serve.add_argument(
        "--cpus", default=1.0, type=_positive_float, metavar="N",
        help="CPUs that are set aside for a replica (1)",
    )  # fmt: skip
    seconds = {"type": _positive_float, "metavar": "S"}
    serve.add_argument(
        "--upscale-delay", default=5.0, **seconds, help="seconds of load before it grows (5)"
    )
    serve.add_argument(
        "--downscale-delay", default=60.0, **seconds, help="seconds of quiet before it shrinks (60)"
    )

    _command(commands, "status", _status, "what runs, and how many replicas")
    _command(commands, "stop", _stop, "drain the service, then end it")

    classify = _command(commands, "classify", _classify, "classify every photo of a folder or list")
    classify.description = (
        "Classifies every photo with DEFAULT_MODEL and writes Parquet: path, verdict, present, "
        "scores, familiarity, error, detail, model_name, model_version. A photo that cannot be "
        "read is a row with an error. After Ctrl-C or a crash the same command goes on where it "
        "ended."
    )
    classify.add_argument(
        "input", metavar="INPUT",
        help="folder, glob, or .parquet or .csv with a column `path` or `url`; "
        "local or at an fsspec address such as s3://bucket/photos",
    )  # fmt: skip
    classify.add_argument("output", metavar="OUTPUT", help="folder for the Parquet files")
    classify.add_argument(
        "--shard", default=200, **number,
        help="photos of one file, which is what a crash repeats at most per worker (200)",
    )  # fmt: skip
    classify.add_argument("--workers", **number, help="at most (CPUs of the cluster)")
    return parser


def _command(commands, name, run, summary):  # type: ignore[no-untyped-def]
    command = commands.add_parser(name, help=summary)
    command.add_argument(
        "--address", metavar="HOST:PORT", help="head of the Ray cluster; `local` for a new one"
    )
    command.set_defaults(run=run)
    return command


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
