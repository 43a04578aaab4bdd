"""Are the results of two builds the same, byte for byte?

    python3 benches/same_bits.py OLD[=SCENARIOS] NEW[=SCENARIOS] FOLDER [NAME …]

Runs each scenario (all if none is named, as `cloudburst`) with both programs on the CPU device into FOLDER/old and FOLDER/new, and
compares every file of both runs: layers, tables, meshes, pictures. Each program reads scenarios of its own form from SCENARIOS, or from
scenarios/. Of run.json only what no checksum covers may differ (device, times, the version of the program), so it is left out. Files bear the
day on which they were made: run both on one day. Prints a row for each scenario, with the files that differ. A run that is there is not computed again.
"""

import filecmp
import subprocess
import sys
from pathlib import Path

# Records with times, and what only helps to go on.
VOLATILE = {"run.json", "checkpoint", "scenario.toml"}


def run(program, scenario, parent):
    parent.mkdir(parents=True, exist_ok=True)
    command = [program, "run", scenario.resolve(), "--device", "cpu", "--out", parent.resolve()]
    done = subprocess.run(command, cwd=scenario.parent.parent, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program} {scenario}: {done.stderr[-2000:]}")
    folders = sorted(parent.glob("*/run.json"), key=lambda record: record.stat().st_mtime)
    return folders[-1].parent


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name not in VOLATILE}


def main():
    usual = Path(__file__).parent.parent / "scenarios"
    programs = [(name.split("=")[0], Path(name.split("=")[1]) if "=" in name else usual) for name in sys.argv[1:3]]
    parent = Path(sys.argv[3])
    named = sys.argv[4:] or sorted(file.stem for file in usual.glob("*.toml"))
    print("| scenario | files | equal | different or on one side only |\n|---|---|---|---|")
    differ = False
    for scenario in named:
        sides = [
            run(program, folder / f"{scenario}.toml", parent / side / scenario)
            for (program, folder), side in zip(programs, ("old", "new"))
        ]
        both = [files(side) for side in sides]
        equal = [name for name in both[0] & both[1] if filecmp.cmp(sides[0] / name, sides[1] / name, shallow=False)]
        rest = sorted((both[0] | both[1]) - set(equal))
        differ |= bool(rest)
        shown = ", ".join(rest[:8]) + (f" and {len(rest) - 8} more" if len(rest) > 8 else "")
        print(f"| {scenario} | {len(both[0] | both[1])} | {len(equal)} | {shown} |", flush=True)
    sys.exit(differ)


main()
