"""Runs the MCP Inspector's command line against the server: its schema lint, and every tool.

Usage: python check.py NODE PATH_OF_THE_INSPECTOR PATH_OF_THE_BINARY stdio|http|sse

One line per check, then `N passed, M failed`; the exit code is 1 where one failed. Every call
is a process of its own, in the era that the check names.
"""

import base64
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

PNG = b"\x89PNG\r\n\x1a\n"
WRONG_CALL = 5
CHECKS = []


def check(function):
    """Registers a check; its docstring is the line that is printed."""
    CHECKS.append(function)
    return function


def size_of(data):
    """Width and height from a PNG's header chunk or a JPEG's frame header."""
    if data[:8] == PNG:
        assert data[12:16] == b"IHDR", data[:16]
        return struct.unpack(">II", data[16:24])
    assert data[:2] == b"\xff\xd8", f"neither PNG nor JPEG: {data[:16]!r}"
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    height, width = struct.unpack(">HH", data[at + 5 : at + 9])
    return width, height


def mask_png(width, height):
    """An RGBA PNG that opens the right half."""
    row = b"\0" + b"\0\0\0\xff" * (width // 2) + b"\0\0\0\0" * (width - width // 2)
    parts = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)), (b"IDAT", zlib.compress(row * height))
    chunks = b""
    for kind, data in (*parts, (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return PNG + chunks


class Inspector:
    """The Inspector, and a server that draws with its sandbox and keeps to one folder."""

    def __init__(self, node, inspector, binary, over, folder):
        server = [binary, "--sandbox", "--root", str(folder), "--store", str(folder / "store")]
        self.serving, self.over = None, over
        if over == "stdio":
            self.command, self.options = [node, inspector, "--cli", *server], []
        else:
            server += ["http", "--listen", "127.0.0.1:0"]
            self.serving = subprocess.Popen(server, env={"HOME": str(folder)}, stdout=subprocess.PIPE, text=True)
            url = self.serving.stdout.readline().strip()
            url = url.removesuffix("/mcp") + "/sse" if over == "sse" else url
            self.command, self.options = [node, inspector, "--cli", url], ["--transport", over]
        self.folder = folder
        # The Inspector keeps what it knows of servers in files and in the system's key store.
        self.environment = dict(os.environ, HOME=str(folder), MCP_INSPECTOR_SECRET_STORE="memory")

    def run(self, *arguments, code=0):
        """Runs it and answers with what it printed; the exit code has to be this one."""
        ended = subprocess.run(
            [*self.command, *self.options, *arguments, "--format", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == code, f"exit code {ended.returncode}: {ended.stderr or ended.stdout}"
        return ended

    def method(self, method, *arguments):
        return json.loads(self.run("--method", method, *arguments).stdout)["result"]

    def call(self, tool, *arguments, era="legacy", **pairs):
        """Calls a tool that has to succeed: what it said, and the bytes that it showed."""
        given = [part for name, value in pairs.items() for part in ("--tool-arg", f"{name}={value}")]
        result = self.method("tools/call", "--tool-name", tool, "--protocol-era", era, *given, *arguments)
        said, *shown = result["content"]
        assert not result.get("isError") and said["type"] == "text", said
        assert {block["type"] for block in shown} <= {"image"}, shown
        return json.loads(said["text"]), [base64.b64decode(block["data"], validate=True) for block in shown]


def stored(image):
    """The bytes of the PNG file that a result names, which has to be what the result says."""
    data = pathlib.Path(image["path"]).read_bytes()
    assert len(data) == image["bytes"] and image["format"] == "png", image
    assert size_of(data) == (image["width"], image["height"]), (size_of(data), image)
    return data


@check
def lint(inspector):
    """tools/list --strict: no complaint about any schema, in either era"""
    for era in ("legacy", "modern"):
        ended = inspector.run("--method", "tools/list", "--strict", "--protocol-era", era)
        tools = {tool["name"]: tool for tool in json.loads(ended.stdout)["result"]["tools"]}
        assert set(tools) == {"generate_image", "edit_image", "inpaint_image", "get_image"}, set(tools)
        assert all(tool["title"] and tool["annotations"] for tool in tools.values()), tools
        assert ended.stderr.strip() == "", ended.stderr


@check
def generate(inspector):
    """generate_image: the file has the pixels asked for, the preview 1568 at most, in either era"""
    for era in ("legacy", "modern"):
        said, [preview] = inspector.call(
            "generate_image", era=era, prompt="a red kite", size="2048x1152", quality="low", n=1
        )
        assert size_of(stored(said["images"][0])) == (2048, 1152)
        assert size_of(preview) == (1568, 882), size_of(preview)


@check
def edit(inspector):
    """edit_image: a list of images, an id and a path"""
    first, _ = inspector.call("generate_image", prompt="a harbour", size="1024x1024")
    [image] = first["images"]
    copy = inspector.folder / "harbour.png"
    copy.write_bytes(stored(image))
    arguments = {"prompt": "at night", "images": [image["id"], str(copy)], "size": "1024x1536"}
    said, [_] = inspector.call("edit_image", "--tool-args-json", json.dumps(arguments))
    assert size_of(stored(said["images"][0])) == (1024, 1536)
    assert stored(said["images"][0]) != stored(image)


@check
def inpaint(inspector):
    """inpaint_image: a mask drawn to a file, an image of the same size"""
    first, _ = inspector.call("generate_image", prompt="a meadow", size="1024x1024", quality="low")
    mask = inspector.folder / "mask.png"
    mask.write_bytes(mask_png(1024, 1024))
    said, [_] = inspector.call("inpaint_image", prompt="a pond", image=first["images"][0]["id"], mask=mask)
    assert size_of(stored(said["images"][0])) == (1024, 1024)
    assert stored(said["images"][0]) != stored(first["images"][0])


@check
def get(inspector):
    """get_image and resources/read: the file byte for byte, from a server started anew"""
    first, _ = inspector.call("generate_image", prompt="a lighthouse", output="file")
    [image] = first["images"]
    said, [whole] = inspector.call("get_image", era="modern", id=image["id"], output="inline")
    assert whole == stored(image) and said["images"] == [image], said
    [contents] = inspector.method("resources/read", "--uri", f"image://{image['id']}")["contents"]
    assert base64.b64decode(contents["blob"], validate=True) == stored(image)


@check
def refuse(inspector):
    """a wrong argument: the exit code of a failed call, and the argument by name"""
    given = ("--tool-name", "generate_image", "--tool-arg", "prompt=a cat", "--tool-arg", "size=1000x1000")
    ended = inspector.run("--method", "tools/call", *given, code=WRONG_CALL)
    assert "size: " in ended.stdout + ended.stderr, (ended.stdout, ended.stderr)


def main():
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        inspector = Inspector(*sys.argv[1:], pathlib.Path(folder).resolve())
        for function in CHECKS:
            try:
                function(inspector)
                print(f"ok      [{inspector.over}] {function.__doc__}")
            except Exception as error:  # every failure is a line, whatever it is
                failed += 1
                print(f"FAILED  [{inspector.over}] {function.__doc__}\n        {type(error).__name__}: {str(error)[:500]}")
        if inspector.serving:
            inspector.serving.terminate()
            inspector.serving.wait(timeout=20)
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
