#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the shared counter costs with more threads than this machine has: the model behind bench/CONTENTION.md.

  bench/contention.py                    the page's tables, from bench/contention.json
  bench/contention.py --run run.json     the same with the 1- and 2-thread costs of a run of the benchmarks

Threads alternate between work of their own and a turn at the counter's cache line, which one at a time has: a closed
queue with one server, solved by mean value analysis. A turn is the line's transfer from another core. While the next
request is under way its owner goes on for a part of that time: with little work it does several events in a turn.
"""

import argparse
import importlib.machinery
import importlib.util
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WORK = (0, 50, 200, 1000, 10000)  # ns between two events of a thread


def distance(machine, one, other):
    """ns for the line to come from one thread's core to the other's. Threads fill cores group by group, then siblings."""
    cores = machine["cores_a_socket"] * machine["sockets"]
    a, b = one % cores, other % cores
    if a == b:
        return machine["siblings"]
    if a // machine["cores_a_group"] == b // machine["cores_a_group"]:
        return machine["group"]
    return machine["socket" if a // machine["cores_a_socket"] == b // machine["cores_a_socket"] else "remote"]


def most_threads(machine):
    return machine["cores_a_socket"] * machine["sockets"] * machine["threads_a_core"]


def mean_transfer(machine, threads):
    """Over all pairs: whoever comes next is any of the others."""
    pairs = threads * (threads - 1) / 2
    return sum(distance(machine, i, j) for i in range(threads) for j in range(i)) / pairs


def residence(threads, service, think):
    """Mean time from asking for a turn to its end."""
    waiting, stay = 0.0, service
    for n in range(1, threads + 1):
        stay = service * (1 + waiting)
        waiting = n / (stay + think) * stay
    return stay


def each(transfer, hold, threads, work, call, xadd):
    """ns from one event of a thread to its next."""
    events = 1 + hold * transfer / (call + work)  # of a turn
    think = (events - 1) * (call + work) + work + call - xadd
    return (residence(threads, transfer, think) + think) / events


def solve(function, wanted, high):
    """The argument from 0 to `high` at which a growing function has this value."""
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < wanted else (low, middle)
    return low


def fit(given):
    """(transfer, hold) of the two measured cores: the one explains two threads with much work of their own, where
    nearly every event is a turn, the other two threads at full rate."""
    measured, far = given["measured"], given["fit"]
    alone, together = measured["xadd_store"], 2 * measured["xadd_store_two_threads"]
    hold = 0.0
    for _ in range(20):
        transfer = solve(lambda t: each(t, hold, far["threads"], far["work"], measured["call"], measured["xadd"]),
                         far["added"] + far["work"], 10.0 * far["added"])
        hold = solve(lambda h: -each(transfer, h, 2, 0, alone, measured["xadd"]), -together, 1.0)
    if not 0 < hold < 0.999:
        raise ValueError("two threads at full rate must cost more than one, and less than a transfer each")
    return transfer, hold


def added(given, transfer, threads, work):
    """ns that tracking adds to each event."""
    measured = given["measured"]
    if threads == 1:
        return measured["call"]
    return each(transfer, given["hold"], threads, work, measured["call"], measured["xadd"]) - work


def most_events(given, transfer, work):
    """Events a ns of all threads, where the line is never idle."""
    return (1 + given["hold"] * transfer / (given["measured"]["call"] + work)) / transfer


def bend(given, transfer, work):
    """Threads from which on the line is never idle, if none ever waited."""
    call, xadd = given["measured"]["call"], given["measured"]["xadd"]
    events = 1 + given["hold"] * transfer / (call + work)
    return (transfer + events * (call + work) - xadd) / transfer


def without_shared_line(given):
    measured = given["measured"]
    return measured["serialised_clock_read"] + measured["call"] - measured["xadd"]


def show(value):
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def table(head, lines):
    widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
    rule = "|" + "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths)) + "|"
    rows = ["| " + " | ".join(cell.rjust(width) if i else cell.ljust(width)
                              for i, (cell, width) in enumerate(zip(line, widths))) + " |" for line in [head] + lines]
    return "\n".join([rows[0], rule, *rows[1:]])


def machine_table(given, machine):
    lines = []
    for threads in THREADS:
        if threads > most_threads(machine):
            break
        transfer = mean_transfer(machine, threads) if threads > 1 else 0
        lines.append([str(threads), show(transfer) if threads > 1 else "-"] +
                     [show(added(given, transfer, threads, work)) for work in WORK])
    return table(["threads", "transfer"] + [f"{work:,} ns of work" for work in WORK], lines)


def bend_table(given):
    lines = []
    for machine in given["machines"]:
        transfer = mean_transfer(machine, 64)
        lines.append([machine["name"], f"{most_events(given, transfer, 0) * 1e3:.1f}"] +
                     [f"{bend(given, transfer, work):.1f}" for work in WORK])
    return table(["machine, 64 threads", "million events a second"] + [f"{work:,} ns" for work in WORK], lines)


def check_table(given):
    lines = [[str(check["threads"]), str(check["work"]), show(check["added"]),
              show(added(given, given["transfer"], check["threads"], check["work"]))]
             for check in [*given["checks"], given["fit"]]]
    return table(["threads", "ns of work", "measured", "model"], lines)


def tables(given):
    """All of the page's tables, each with its title."""
    yield "Against measurements", check_table(given)
    for machine in given["machines"]:
        yield machine["name"], machine_table(given, machine)
    yield "Where it bends", bend_table(given)


def take_run(given, path):
    """The costs of a run in place of the stored ones; the clock's stays."""
    compare = os.path.join(HERE, "..", "tools", "bench-compare")
    loader = importlib.machinery.SourceFileLoader("bench_compare", compare)
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_compare", loader))
    loader.exec_module(module)
    run = module.Run(path)
    names = {"call": "single/new", "xadd": "floor/xadd", "xadd_store": "floor/xadd_store",
             "xadd_store_two_threads": "floor/xadd_store/real_time/threads:2"}
    for key, name in names.items():
        value = run.value(module.Row(name, name))
        if value is None:
            raise ValueError(f"{path} has no row {name}")
        given["measured"][key] = value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", default=os.path.join(HERE, "contention.json"), help="costs, transfer times, machines")
    parser.add_argument("--run", metavar="FILE.json", help="a run of the benchmarks: its costs instead of the stored ones")
    arguments = parser.parse_args()
    with open(arguments.input, encoding="utf-8") as stream:
        given = json.load(stream)
    if arguments.run:
        take_run(given, arguments.run)
    given["transfer"], given["hold"] = fit(given)
    print(f"transfer {show(given['transfer'])} ns, of which the owner goes on for {given['hold']:.2f}; "
          f"without a shared line {show(without_shared_line(given))} ns")
    for title, text in tables(given):
        print(f"\n{title}\n\n{text}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"contention: {error}")
