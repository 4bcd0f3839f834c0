"""A client in Python, with `mcp` 2: draws an image, edits it by its id, prints both paths.

pip install "mcp>=2"
python examples/python_client.py target/debug/gpt-image-mcp
"""

import asyncio
import json
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters


async def show_progress(progress, total, message):
    print(f"{progress / total:4.0%}  {message}", file=sys.stderr)


async def draw(client, tool, **arguments):
    """Calls a tool and answers with its first image. A real one takes 30 to 300 s: wait for it,
    because a call that is made again is paid again."""
    result = await client.call_tool(tool, arguments, progress_callback=show_progress)
    # The first block is text: JSON where it succeeded, and words on what to do where it did not.
    # The blocks after it are previews for a model to look at; the whole image is the file.
    text = result.content[0].text
    if result.is_error:
        raise RuntimeError(text)
    return json.loads(text)["images"][0]


async def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "gpt-image-mcp"
    # The client starts the server and talks to it over its stdin and stdout. With --sandbox it draws
    # without a key. For real images leave that out and hand the key on, as clients pass few
    # variables by themselves: env={"OPENAI_API_KEY": os.environ["OPENAI_API_KEY"]}
    server = StdioServerParameters(command=program, args=["--sandbox"])
    async with Client(server) as client:
        size = {"size": "1536x1024", "quality": "low"}
        kite = await draw(client, "generate_image", prompt="a red kite over the sea", max_cost_usd=0.05, **size)
        print(kite["path"])
        # An earlier image is named by its id; it need not be sent again.
        night = await draw(client, "edit_image", prompt="the same kite at night", images=[kite["id"]], **size)
        print(night["path"])


asyncio.run(main())
