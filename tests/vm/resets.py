#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts the power of the virtual board again and again while it meters, and holds the register and the pulses against what has flowed.

A cut stops the board's disk first: what it had acknowledged without a flush is lost or written in part (disk.py). Then the processor is stopped,
the chip's truth read out of the memory, and the board reset. Prints one line for each reset, and in the end a row of the table:
name, expected, seen, verdict.

usage: resets.py DIRECTORY IMAGE RESETS QEMU [ARGUMENT...]
"""
import json
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from disk import Disk

# minimeter.conf(5): the 8 Wh that may wait, and a second of load, which is 10 Wh here.
BOUND_UWH = 18_000_000
# minimeterd(8), Outputs: no pulse is missing, and those of what was lost come again, with those of two seconds.
REPEATED_UWH = 20_000_000
PULSE_UWH = 10_000_000
PULSE_LINE = 512 + 17  # lines of the first chip count from 512
PATIENCE_S = 900


class Failure(Exception):
    pass


class Board:
    def __init__(self, directory, image, command):
        self.directory = directory
        self.disk = Disk(image, random.Random())
        self.events = []
        self.rises = 0
        self.level = False
        self.parsed = {"rows.txt": 0, "edges.txt": 0}
        path = directory / "disk"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            threading.Thread(target=self.disk.serve, args=(listener.dup(),), daemon=True).start()
        for name in self.parsed:
            (directory / name).touch()
        self.qemu = subprocess.Popen(
            command
            + ["-drive", f"file=nbd+unix:///?socket={path},format=raw,if=virtio,cache=writeback", "-qmp", "stdio"]
            + sum((["-serial", f"file:{directory}/{name}"] for name in ("console.txt", "rows.txt", "edges.txt")), []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.execute("qmp_capabilities")

    # ---- The machine ----

    def message(self):
        line = self.qemu.stdout.readline()
        if not line:
            raise Failure("QEMU has ended")
        message = json.loads(line)
        if "event" in message:
            self.events.append(message["event"])
        return message

    def execute(self, command, **arguments):
        self.qemu.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qemu.stdin.flush()
        while True:
            message = self.message()
            if "error" in message:
                raise Failure(f"{command}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def word(self, address):
        """64 bits of the memory, signed."""
        text = self.execute("human-monitor-command", **{"command-line": f"xp /1gx {address:#x}"})
        value = int(text.split(":")[1], 0)
        return value - (value >> 63 << 64)

    def cut(self, record):
        """In the midst of what the disk is doing. Returns the truth in the chip's record."""
        self.disk.cut_after(random.randint(1, 30))
        if not self.disk.is_cut.wait(PATIENCE_S):
            raise Failure("the board has stopped writing")
        self.execute("stop")
        truth = self.word(record)
        self.take_edges()
        self.events.clear()
        self.execute("system_reset")
        while "RESET" not in self.events:
            self.message()
        self.level = False
        self.disk.restore()
        self.execute("cont")
        return truth

    def end(self):
        self.qemu.kill()
        self.qemu.wait()

    # ---- What it says ----

    def lines(self, name):
        """The whole lines that have come since."""
        with open(self.directory / name, errors="replace") as file:
            file.seek(self.parsed[name])
            text = file.read()
        text = text[: text.rfind("\n") + 1]
        self.parsed[name] += len(text)
        return text.splitlines()

    def take_edges(self):
        for line in self.lines("edges.txt"):
            match = re.search(rf"gpio_value: {PULSE_LINE} +set +([01])", line)
            if match:
                level = match[1] == "1"
                self.rises += level and not self.level
                self.level = level

    def wait_for(self, kind, *rest):
        """The fields of the next row of that kind, whose last fields are those."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            for line in self.lines("rows.txt"):
                fields = line.split()
                if fields[:1] == [kind] and fields[len(fields) - len(rest) :] == list(rest):
                    return fields[1:]
            if self.qemu.poll() is not None:
                raise Failure("QEMU has ended")
            self.take_edges()
            time.sleep(0.05)
        raise Failure(f"no '{kind}' from the board in {PATIENCE_S} s")


class Tally:
    def __init__(self):
        self.resets = self.torn = 0
        self.worst_lost = self.sum_lost = 0
        self.excess = self.worst_repeated = 0  # pulses repeated so far, and at once

    def seen(self, register):
        lost = f"lost at most {self.worst_lost / 1e6:.2f} Wh, {self.sum_lost / 1e6 / max(self.resets, 1):.2f} in the mean"
        return (
            f"{self.resets} resets, {self.torn} with a write in the disk's cache: {lost}; register {register / 1e6:.1f} Wh; "
            f"{self.excess} pulses repeated, {self.worst_repeated} at most at once, none missing"
        )


def pulses(uwh):
    """That are due up to there: half a pulse is on."""
    return int(uwh + PULSE_UWH // 2) // PULSE_UWH


def boot(board, tally, before, flowed):
    """Until the board meters; returns its register at rest, and where the truth is and what a code is worth."""
    register = int(board.wait_for("start")[0])
    if register < before:
        raise Failure(f"the register went back from {before} to {register} uWh")
    register, address, uwh = board.wait_for("rest")
    board.take_edges()
    excess = board.rises - pulses(int(register))
    if excess < 0:
        raise Failure(f"{-excess} pulses are missing at {register} uWh")
    repeated = excess - tally.excess
    if repeated > pulses(flowed + REPEATED_UWH) - pulses(int(register)):
        raise Failure(f"{repeated} pulses repeated at once")
    tally.excess = excess
    tally.worst_repeated = max(tally.worst_repeated, repeated)
    return int(register), int(address, 16), float(uwh)


def run(board, resets, tally):
    register, record, uwh = boot(board, tally, 0, 0)
    while tally.resets < resets:
        for _ in range(random.randint(2, 6)):
            board.wait_for("now", "true")
        flowed = register + board.cut(record) * uwh
        begin = time.monotonic()
        register, record, uwh = boot(board, tally, register, flowed)
        lost = flowed - register
        tally.resets += 1
        tally.torn += board.disk.unflushed > 0
        tally.worst_lost = max(tally.worst_lost, lost)
        tally.sum_lost += lost
        print(
            f"reset {tally.resets}: {board.disk.written} of {board.disk.unflushed} unflushed sectors written; lost {lost / 1e6:.3f} Wh "
            f"of {flowed / 1e6:.3f}; {tally.excess} pulses repeated in all; {time.monotonic() - begin:.0f} s",
            flush=True,
        )
        if lost > BOUND_UWH:
            raise Failure(f"lost {lost / 1e6:.3f} Wh at once")
    return register


def main():
    directory, image, resets, *command = sys.argv[1:]
    tally = Tally()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and QEMU with it
    board = Board(pathlib.Path(directory), image, command)
    try:
        register = run(board, int(resets), tally)
        seen, verdict = tally.seen(register), "ok"
    except Failure as failure:
        seen, verdict = f"after {tally.resets} resets: {failure}", "FAILED"
    finally:
        board.end()
    expected = f"{resets} power cuts: register and pulses never back, at most {BOUND_UWH / 1e6:.0f} Wh of the truth lost, pulses repeated for no more than that and what flows in 2 s"
    print("\t".join(("row", "system_reset", expected, seen, verdict)))


main()
