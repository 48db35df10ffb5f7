#!/usr/bin/env python3
"""One door for every command. Plain Python at first: it makes its own environment before it imports anything else."""

import os
import sys

if sys.version_info < (3, 11):  # macOS may offer 3.9 first
    sys.exit(
        "pvtracker needs Python 3.11 or newer; this is %d.%d. "
        "Install a newer one and run it by name, for example: python3.11 manage.py demo"
        % sys.version_info[:2]
    )


def main() -> int:
    from pvtracker.ops import environment

    environment.enter(sys.argv)
    if os.environ.get("PVTRACKER_ROOM"):
        from pvtracker.ops import room_process

        return room_process.main(sys.argv)
    from pvtracker.ops import launcher

    return launcher.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
