"""Makes a folder the same as another: files that differ are copied, those that do not keep their times, what is not there goes.

    python3 .ci/sync.py FROM TO

Folders of what is built (`target`, `node_modules`) stay."""
import filecmp
import shutil
import sys
from pathlib import Path

source, goal = Path(sys.argv[1]), Path(sys.argv[2])
BUILT = {"target", "node_modules"}


def files(folder):
    """Paths of the files below a folder, relative to it."""
    found = set()
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            if path.name not in BUILT:
                found |= {Path(path.name) / below for below in files(path)}
        else:
            found.add(Path(path.name))
    return found


wanted, there = files(source), files(goal)
for name in there - wanted:
    (goal / name).unlink()
for name in sorted(wanted):
    is_same = name in there and filecmp.cmp(source / name, goal / name, shallow=False)
    if not is_same:
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        # A new time, so that the compiler sees it.
        shutil.copy(source / name, goal / name)
