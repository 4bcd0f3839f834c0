"""Runs an example as its reader would, and looks at the images it made.

Usage: python check.py NAME EXIT_CODE COUNT WIDTHxHEIGHT COMMAND...

The example has to end with EXIT_CODE, after COUNT paths on stdout, each of a PNG file of that size,
and nothing else. Its stdin is ours. One line, then `N passed, M failed`; the exit code is 1 where
it failed.
"""

import pathlib
import struct
import subprocess
import sys

PNG = b"\x89PNG\r\n\x1a\n"


def image(path):
    """Width and height of a PNG file, which has to have an end."""
    data = path.read_bytes()
    assert data[:8] == PNG and data[12:16] == b"IHDR" and b"IEND" in data[-12:], f"{path} is no whole PNG"
    assert len(data) > 10_000, f"{path} has only {len(data)} bytes"
    return struct.unpack(">II", data[16:24])


def main():
    name, code, count, size, *command = sys.argv[1:]
    expected = tuple(int(side) for side in size.split("x"))
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120)
    try:
        assert ended.returncode == int(code), f"exit code {ended.returncode}"
        paths = [pathlib.Path(line) for line in ended.stdout.splitlines()]
        assert len(paths) == len(set(paths)) == int(count), paths
        for path in paths:
            assert image(path) == expected, (path, image(path))
    except Exception as error:  # whatever it is, it is one failure
        print(f"FAILED  {name}: {type(error).__name__}: {error}")
        print("0 passed, 1 failed")
        return 1
    print(f"ok      {name}: {count} images of {size}, exit code {code}")
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
