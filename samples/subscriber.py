#!/usr/bin/env python3
"""A subscriber in little: reads the events that musubi delivers to a folder, each once and in order.

    python3 samples/subscriber.py var/deliveries/hidamari-care state.json

The rules of every subscriber (docs/subscribe/delivery.md):
  - an event may come again: its sequence in its lane is one that was taken already
  - a copy of a replay has a place of its own, and the id that it had at first: it counts only if that was never taken
  - a gap in a lane's sequence means that something is held back: a patient's copies that wait, which come later with
    their own numbers, or a consent that was withdrawn. It is said, remembered, and asked about if it stays
  - a last line without its end is still being written: it is read the next time
  - remember what was done together with doing it; here the state is written after the lines were printed,
    so that a crash in between prints them again and loses none
Needs nothing but Python 3.9. State: of each lane the last sequence and what is missing, how far each file was read, and
the ids that were taken.
"""

import json
import os
import sys
from pathlib import Path


def complete_lines(path: Path, offset: int):
    """The whole lines from that byte on, each with the byte behind it."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield line, offset


def is_new(event: dict, state: dict) -> bool:
    """Whether it was not taken before."""
    known = event["id"] in state["ids"]
    state["ids"][event["id"]] = True
    if "replay" in event:
        has_place(event, state["lanes"])
        return not known
    return has_place(event, state["lanes"])


def has_place(event: dict, lanes: dict) -> bool:
    """Whether its place in its lane was free."""
    lane = lanes.setdefault(str(event["lane"]), {"last": 0, "missing": []})
    sequence = event["sequence"]
    if sequence in lane["missing"]:
        lane["missing"].remove(sequence)
        return True
    if sequence <= lane["last"]:
        return False
    missing = list(range(lane["last"] + 1, sequence))
    if missing:
        print(f"lane {event['lane']}: not there yet: {missing}", file=sys.stderr)
    lane["missing"] += missing
    lane["last"] = sequence
    return True


def take(event: dict) -> None:
    """What this subscriber does with an event. A withdrawal (change: deleted) comes the same way."""
    data = event.get("data", {})
    person = data.get("patient", {}).get("network_id", event.get("subject", ""))
    print(event["topic"], data.get("event", event["type"]), event["change"], event["source"], person)


def main(folder: Path, state_file: Path) -> int:
    state = {"lanes": {}, "files": {}, "ids": {}}
    if state_file.exists():
        state |= json.loads(state_file.read_text())
    for path in sorted(folder.glob("*.ndjson")):
        for line, offset in complete_lines(path, state["files"].get(path.name, 0)):
            event = json.loads(line)
            if is_new(event, state):
                take(event)
            state["files"][path.name] = offset
    sys.stdout.flush()
    partial = state_file.with_suffix(".new")
    partial.write_text(json.dumps(state))
    os.replace(partial, state_file)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
