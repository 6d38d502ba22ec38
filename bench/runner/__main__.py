"""The command ./dialtone-bench."""
import argparse
import datetime
import fnmatch
import os
import resource
import shlex
import sys

import toolchain
from contenders import BENCH, CONTENDERS
from measure import Failed, measure
from report import COLUMNS, Results, Row
from scenarios import SCENARIOS


def arguments():
    parser = argparse.ArgumentParser(
        prog="dialtone-bench",
        description="Builds the yardsticks, the peers and the tool, and measures them side by side.",
        epilog="Exit code: 0 every bar measured is met, 1 one is missed, 2 something could not be measured.")
    parser.add_argument("scenario", nargs="*", help="which to run (default: all); see --list")
    parser.add_argument("--contender", action="append", metavar="NAME",
                        help="only these contenders; may hold * and be given again")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default 3)")
    parser.add_argument("--warmup", type=float, default=2, help="seconds of load before it (default 2)")
    parser.add_argument("--quick", action="store_true", help="one repetition of one second: does it work at all?")
    parser.add_argument("--record", action="store_true", help="write the results to bench/runs/DATE-MACHINE/")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--list", action="store_true", help="show scenarios, contenders and bars, and leave")
    options = parser.parse_args()
    for name in options.scenario:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario '{name}'; --list shows them")
    if options.quick:
        options.repetitions, options.seconds, options.warmup = 1, 1, 0.5
    return options


def show_list():
    for scenario in SCENARIOS.values():
        print(f"{scenario.name:16}{scenario.about}")
        print(f"{'':16}{', '.join(scenario.contenders)}")
    for contender in CONTENDERS.values():
        print(f"{contender.name:26}{contender.about}")


def run(scenarios, options, missing):
    """Alternates over the contenders of each scenario: A B C A B C, as often as asked."""
    results = Results(scenarios)
    for scenario in scenarios:
        contenders = [CONTENDERS[name] for name in scenario.contenders if not options.contender or
                      any(fnmatch.fnmatch(name, pattern) for pattern in options.contender)]
        print(f"\n{scenario.name}: {scenario.about}", flush=True)
        for repetition in range(1, options.repetitions + 1):
            for contender in contenders:
                key = (scenario.name, contender.name)
                if key in results.failures:
                    continue
                try:
                    lacking = [part for part in contender.needs if part in missing]
                    if lacking:
                        raise Failed(f"{lacking[0]} is not installed")
                    values = measure(scenario, contender, options.seconds, options.warmup)
                except Failed as failure:
                    results.failures[key] = f"repetition {repetition}: {failure}"
                    print(f"  {contender.name:26}{failure}", flush=True)
                    continue
                results.rows.append(Row(scenario.name, repetition, contender.name, values))
                print(f"  {contender.name:26}{describe_row(scenario, values)}", flush=True)
    return results


def describe_row(scenario, values):
    order = [scenario.column, *(name for name in values if name != scenario.column)]
    return "  ".join(f"{COLUMNS[name][0]} {values[name]:,.{COLUMNS[name][1]}f}" for name in order)


def readme(options):
    facts = "\n".join(f"| {name} | {value or 'not installed'} |" for name, value in toolchain.describe())
    return (f"# Run of {datetime.date.today():%-d %B %Y} on {toolchain.machine()}\n\n"
            f"    ./dialtone-bench {shlex.join(sys.argv[1:])}\n\n"
            f"{options.repetitions} repetitions, alternating over all contenders of a scenario; each a fresh server, "
            f"{options.warmup:g} s of warm-up and {options.seconds:g} s of measurement. `summary.md` holds the medians, "
            f"`raw.csv` every single run; `bench/README.md` tells how to read them.\n\n"
            f"| | |\n|---|---|\n{facts}\n")


def record(results, options):
    name = f"{datetime.date.today():%Y-%m-%d}-{toolchain.machine()}"
    folder = BENCH / "runs" / name
    for again in range(2, 100):
        if not folder.exists():
            break
        folder = BENCH / "runs" / f"{name}-{again}"
    results.write(folder, readme(options))
    print(f"\nwritten to {folder.relative_to(BENCH.parent)}/")


def main():
    options = arguments()
    if options.list:
        show_list()
        return 0
    if len(os.sched_getaffinity(0)) < 2:
        print("dialtone-bench needs two cores: one for the server, one for the load", file=sys.stderr)
        return 2
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    missing = toolchain.fetch_parts()
    if not options.no_build:
        try:
            toolchain.build()
        except toolchain.BuildError as error:
            print(error, file=sys.stderr)
            return 2
    scenarios = [SCENARIOS[name] for name in options.scenario] or list(SCENARIOS.values())
    results = run(scenarios, options, missing)
    print("\n" + results.summary())
    if options.record:
        record(results, options)
    if results.failures:
        return 2
    return 1 if any(met is False for *_, met in results.bars()) else 0


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
