"""Runs the official, unchanged `mcp` client for Python against the server.

Usage: python check.py PATH_OF_THE_BINARY stdio|http|sse

Every check runs in three ways of opening a connection: `legacy` (the initialize handshake),
`auto` (what a user gets, which asks the server first) and `2026-07-28` (that version, unasked).
One line per check, then `N passed, M failed`; the exit code is 1 where one failed. The server
draws with its sandbox and keeps to a temporary folder.
"""

import asyncio
import base64
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import httpx2
import mcp
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from PIL import Image, ImageDraw

MODES = {"legacy": "2025-11-25", "auto": "2026-07-28", "2026-07-28": "2026-07-28"}
TOOLS = {
    "generate_image": ("Generate image", False),
    "edit_image": ("Edit image", False),
    "inpaint_image": ("Inpaint image", False),
    "get_image": ("Get image", True),
}
PREVIEW_EDGE, RESULT_BYTES = 1568, 1024 * 1024
TOKEN = "a-token-of-the-checks"
CHECKS = []


def check(function):
    """Registers a check; its docstring is the line that is printed."""
    CHECKS.append(function)
    return function


def text_of(result):
    """The text of a result, which is its first block."""
    assert result.content[0].type == "text", result.content[0].type
    return result.content[0].text


def images_of(result):
    """The bytes of each image block, which have to be what its type says."""
    shown = []
    for block in result.content[1:]:
        assert block.type == "image", block.type
        data = base64.b64decode(block.data, validate=True)
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert Image.MIME[image.format] == block.mime_type, (image.format, block.mime_type)
        shown.append(data)
    return shown


def size_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def stored(image):
    """The bytes of the file that a result names, which have to be what the result says."""
    data = pathlib.Path(image["path"]).read_bytes()
    assert len(data) == image["bytes"], (len(data), image)
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert opened.size == (image["width"], image["height"]), (opened.size, image)
        assert opened.format.lower() == image["format"], (opened.format, image)
    return data


async def drawn(client, tool, **arguments):
    """Calls a tool that has to succeed: what it said and what it showed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    assert len(result.model_dump_json(by_alias=True)) < RESULT_BYTES
    return json.loads(text_of(result)), images_of(result)


@check
async def lists_tools(client, _):
    """tools/list: the four tools, each with a title, annotations and a closed schema"""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == set(TOOLS), set(tools)
    for name, (title, reads_only) in TOOLS.items():
        tool = tools[name]
        assert tool.title == title and tool.description, tool
        hints = tool.annotations
        assert (hints.read_only_hint, hints.destructive_hint) == (reads_only, False), hints
        assert (hints.idempotent_hint, hints.open_world_hint) == (reads_only, not reads_only), hints
        assert tool.input_schema["type"] == "object" and tool.input_schema["properties"], tool


@check
async def generates(client, _):
    """generate_image: JSON first, then a preview of the file, which has the pixels asked for"""
    said, shown = await drawn(client, "generate_image", prompt="a red kite", size="2048x1152", quality="low")
    [image] = said["images"]
    assert (image["width"], image["height"]) == (2048, 1152), image
    assert size_of(stored(image)) == (2048, 1152)
    assert (said["model"], said["sandbox"]) == ("gpt-image-2", True), said
    assert 0 < said["cost_usd"] < 0.05, said
    [preview] = shown
    width, height = size_of(preview)
    assert width == PREVIEW_EDGE and abs(height - width * 1152 / 2048) <= 1, (width, height)


@check
async def reports_progress(client, _):
    """generate_image: progress rises, and ends below the total"""
    heard = []

    async def hear(progress, total, message):
        heard.append((progress, total, message))

    result = await client.call_tool("generate_image", {"prompt": "hills"}, progress_callback=hear)
    assert not result.is_error, text_of(result)
    values = [progress for progress, _, _ in heard]
    assert len(values) >= 2 and all(low < high for low, high in zip(values, values[1:])), heard
    assert all(progress < total == 1 and message for progress, total, message in heard), heard


@check
async def generates_several(client, _):
    """generate_image: n images are n files and n previews in one small result"""
    said, shown = await drawn(client, "generate_image", prompt="a fox", n=3, output_format="jpeg", quality="low")
    assert len(said["images"]) == len(shown) == 3, said
    assert len({image["path"] for image in said["images"]}) == 3, said
    for image in said["images"]:
        assert image["format"] == "jpeg" and stored(image)[:3] == b"\xff\xd8\xff", image


@check
async def edits_by_id(client, _):
    """edit_image: an earlier image by its id, a new file that names what it was made from"""
    first, _ = await drawn(client, "generate_image", prompt="a harbour", size="1024x1024")
    said, _ = await drawn(
        client, "edit_image", prompt="at night", images=[first["images"][0]["id"]], size="1536x1024"
    )
    [image] = said["images"]
    assert image["made_from"] == [first["images"][0]["id"]], image
    assert size_of(stored(image)) == (1536, 1024)
    assert stored(image) != stored(first["images"][0])


@check
async def inpaints(client, folder):
    """inpaint_image: outside the drawn mask every pixel is the original's, inside it is new"""
    first, _ = await drawn(client, "generate_image", prompt="a meadow", size="1024x1024", quality="low")
    original = Image.open(io.BytesIO(stored(first["images"][0]))).convert("RGB")
    mask = Image.new("RGBA", original.size, "black")
    ImageDraw.Draw(mask).rectangle((256, 512, 767, 895), fill=(0, 0, 0, 0))
    path = folder / f"mask-{first['images'][0]['id']}.png"
    mask.save(path)
    said, _ = await drawn(
        client, "inpaint_image", prompt="a pond", image=first["images"][0]["id"], mask=str(path)
    )
    painted = Image.open(io.BytesIO(stored(said["images"][0]))).convert("RGB")
    assert painted.size == original.size, painted.size
    inside = (256, 512, 768, 896)
    assert painted.crop(inside).tobytes() != original.crop(inside).tobytes()
    for image in (painted, original):
        image.paste("black", inside)
    assert painted.tobytes() == original.tobytes()


@check
async def shows_again(client, _):
    """get_image: inline is the file byte for byte, file shows nothing, both cost nothing"""
    first, _ = await drawn(client, "generate_image", prompt="a lighthouse", output="file")
    [image] = first["images"]
    said, [whole] = await drawn(client, "get_image", id=image["id"], output="inline")
    assert whole == stored(image)
    assert said["images"] == [image] and said["cost_usd"] == 0, said
    said, shown = await drawn(client, "get_image", id=first["job"], output="file")
    assert said["images"] == [image] and shown == [], said


@check
async def saves_where_told(client, folder):
    """save_to: the file is there under that name, and the next of that name stands beside it"""
    path = folder / "two kites.png"
    said, _ = await drawn(client, "generate_image", prompt="a kite", save_to=str(path))
    assert said["images"][0]["path"] == str(path), said
    before = stored(said["images"][0])
    said, _ = await drawn(client, "generate_image", prompt="two kites", save_to=str(path))
    assert said["images"][0]["path"] == str(path.with_stem(path.stem + "-2")), said
    assert "it was taken" in said["warnings"][-1], said
    assert stored(said["images"][0]) != before and path.read_bytes() == before


@check
async def serves_resources(client, _):
    """resources: an image is listed, and is read back byte for byte at image://ID"""
    said, _ = await drawn(client, "generate_image", prompt="a windmill", output="file")
    [image] = said["images"]
    address = f"image://{image['id']}"
    listed = {str(entry.uri): entry for entry in (await client.list_resources()).resources}
    assert (listed[address].size, listed[address].mime_type) == (image["bytes"], "image/png"), listed[address]
    [contents] = (await client.read_resource(address)).contents
    assert base64.b64decode(contents.blob, validate=True) == stored(image)
    assert (str(contents.uri), contents.mime_type) == (address, "image/png")
    templates = (await client.list_resource_templates()).resource_templates
    assert [template.uri_template for template in templates] == ["image://{id}"], templates


@check
async def plans(client, _):
    """dry_run: model, pixels and price, no file and no image"""
    before = len((await client.list_resources()).resources)
    said, shown = await drawn(
        client, "generate_image", prompt="a map", size="4K", aspect_ratio="16:9", quality="high", dry_run=True
    )
    assert (said["dry_run"], said["size"], said["model"]) == (True, "3840x2160", "gpt-image-2"), said
    assert said["estimate_usd"] > 0.3 and shown == [], said
    assert len((await client.list_resources()).resources) == before


@check
async def names_the_argument(client, _):
    """a wrong argument: a result marked as an error, which names it and says what it cost"""
    for arguments, start in (
        ({"prompt": "a cat", "n": 99}, "n: "),
        ({"prompt": "a cat", "size": "1000x1000"}, "size: "),
        ({"prompt": "a cat", "colour": "red"}, "colour: "),
        ({}, "prompt: "),
        ({"prompt": "a cat", "size": "4K", "quality": "high", "max_cost_usd": 0.01}, "max_cost_usd: "),
    ):
        result = await client.call_tool("generate_image", arguments)
        assert result.is_error and len(result.content) == 1, (arguments, result)
        assert text_of(result).startswith(start), (start, text_of(result))
        assert "Nothing was charged." in text_of(result), text_of(result)


@check
async def refuses_the_unknown(client, _):
    """an unknown tool or resource: a protocol error with a code"""
    missing = -32602 if client.protocol_version >= "2026-07-28" else -32002
    for call, code in (
        (lambda: client.call_tool("paint_house", {}), -32602),
        (lambda: client.read_resource("image://img_000000000000"), missing),
    ):
        try:
            answer = await call()
        except mcp.MCPError as error:
            assert error.error.code == code, error.error
        else:
            raise AssertionError(f"answered with {answer}")


@contextlib.contextmanager
def reached(over, binary, folder):
    """A server that is reached over this: what the client connects to."""
    args = ["--sandbox", "--sandbox-delay-s", "0.2", "--store", str(folder / "store"), "--root", str(folder)]
    env = {"HOME": str(folder)}
    if over == "stdio":
        yield StdioServerParameters(command=binary, args=args, env=env)
        return
    listening = ["http", "--listen", "127.0.0.1:0", "--token", f"check={TOKEN}"]
    with subprocess.Popen([binary, *args, *listening], env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            url, headers = server.stdout.readline().strip(), {"authorization": f"Bearer {TOKEN}"}
            if over == "sse":
                yield sse_client(url.removesuffix("/mcp") + "/sse", headers=headers)
            else:
                yield streamable_http_client(url, http_client=httpx2.AsyncClient(headers=headers, timeout=60))
        finally:
            server.terminate()
    assert server.returncode == 0, server.returncode


async def run(over, mode, version, binary, folder):
    """All checks over one connection; the number that failed."""
    failed = 0
    with reached(over, binary, folder) as server:
        async with mcp.Client(server, mode=mode, read_timeout_seconds=60) as client:
            failed = await run_all(client, over, mode, version, folder)
    return failed


async def run_all(client, over, mode, version, folder):
    """The number of checks that failed."""
    failed = 0
    assert client.protocol_version == version, client.protocol_version
    for function in CHECKS:
        try:
            await function(client, folder)
            print(f"ok      [{over}, {mode}] {function.__doc__}")
        except Exception as error:  # every failure is a line, whatever it is
            failed += 1
            print(f"FAILED  [{over}, {mode}] {function.__doc__}\n        {type(error).__name__}: {str(error)[:500]}")
    return failed


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("stdio", "http", "sse"):
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for mode, version in MODES.items():
        with tempfile.TemporaryDirectory() as folder:
            failed += asyncio.run(run(sys.argv[2], mode, version, sys.argv[1], pathlib.Path(folder).resolve()))
    print(f"{len(CHECKS) * len(MODES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
