// What is asked of our server through either version of the official TypeScript SDK.
//
// A connection is made by the caller: `connect(folder, options)` resolves to an object with
// `client`, `call(params, options)` and `version`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { expect } from "./checks.mjs";
import { decodePng, encodePng, fromBase64, inspect } from "./images.mjs";

const TITLES = {
  edit_image: "Edit image",
  generate_image: "Generate image",
  get_image: "Get image",
  inpaint_image: "Inpaint image",
};
const PREVIEW_EDGE = 1568;
const RESULT_BYTES = 1024 * 1024;
/** The server reports every 5 s; a call that outlasts its time-out lives by these reports alone. */
const TIMEOUT_MS = 7_500;
const LONG_DELAY_S = 9;

/** How the server is started: with its sandbox, in this folder alone. */
export function launch(binary, folder, delay) {
  const args = ["--sandbox", "--sandbox-delay-s", String(delay), "--root", folder];
  args.push("--store", path.join(folder, "store"));
  return { command: binary, args, env: { HOME: folder } };
}

/** Starts a server over HTTP, as `launch` does over stdio: where it is, the headers it wants, and its end. */
export async function serve(binary, folder, delay) {
  const { args, env } = launch(binary, folder, delay);
  const token = "a-token-of-the-checks";
  const server = spawn(binary, [...args, "http", "--listen", "127.0.0.1:0", "--token", `check=${token}`], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  const url = new URL(line.toString().trim());
  return { url, headers: { authorization: `Bearer ${token}` }, end: () => server.kill() };
}

/** A client whose server ends when it is closed. */
export function closing(client, server) {
  const close = client.close.bind(client);
  client.close = async () => {
    await close();
    server.end();
  };
}

/** The bytes of the file that a result names, which have to be what the result says. */
async function stored(image) {
  const file = await readFile(image.path);
  const { format, width, height } = inspect(file);
  expect(file.length === image.bytes && format === image.format, { image, bytes: file.length, format });
  expect(width === image.width && height === image.height, { image, width, height });
  return file;
}

/** Calls a tool that has to succeed: what it said, and the bytes that it showed. */
async function drawn({ call }, name, args, options) {
  const result = await call({ name, arguments: args }, options);
  expect(!result.isError, result.content[0].text);
  const [first, ...rest] = result.content;
  expect(first.type === "text", first);
  expect(JSON.stringify(result).length < RESULT_BYTES, "the result is above 1 MiB");
  const shown = rest.map((block) => {
    expect(block.type === "image", block.type);
    const bytes = fromBase64(block.data);
    expect(block.mimeType === `image/${inspect(bytes).format}`, block.mimeType);
    return bytes;
  });
  return { said: JSON.parse(first.text), shown };
}

async function codeOf(call) {
  try {
    await call();
  } catch (error) {
    return error.code;
  }
  return "none: it was answered";
}

const CHECKS = {
  "tools/list: the four tools, each with a title, annotations and a closed schema": async ({ client }) => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name).sort().join() === Object.keys(TITLES).join(), tools);
    for (const { name, title, annotations, inputSchema } of tools) {
      const readsOnly = name === "get_image";
      expect(title === TITLES[name] && inputSchema.additionalProperties === false, { name, title, inputSchema });
      expect(annotations.readOnlyHint === readsOnly && annotations.destructiveHint === false, annotations);
      expect(annotations.openWorldHint === !readsOnly, annotations);
    }
  },

  "generate_image: JSON first, then a preview of the file, with the pixels asked for": async (connection) => {
    const ask = { prompt: "a red kite", size: "2048x1152", quality: "low" };
    const { said, shown } = await drawn(connection, "generate_image", ask);
    const [image] = said.images;
    const whole = decodePng(await stored(image));
    expect(whole.width === 2048 && whole.height === 1152, image);
    expect(said.model === "gpt-image-2" && said.sandbox === true && said.cost_usd > 0, said);
    const { format, width, height } = inspect(shown[0]);
    expect(shown.length === 1 && width === PREVIEW_EDGE && height === 882, { format, width, height });
  },

  "edit_image: two images by id and by path, a new file made from both": async (connection, folder) => {
    const first = (await drawn(connection, "generate_image", { prompt: "a harbour" })).said.images[0];
    const second = path.join(folder, "square.png");
    await writeFile(second, encodePng(256, 256, (x, y) => [x, y, 128, 255]));
    const ask = { prompt: "put image 1 into image 2", images: [first.id, second], size: "1024x1536" };
    const { said } = await drawn(connection, "edit_image", ask);
    const edited = await stored(said.images[0]);
    expect(said.images[0].width === 1024 && said.images[0].height === 1536, said);
    expect(said.images[0].made_from.join() === first.id, said);
    expect(!edited.equals(await stored(first)), "nothing was changed");
  },

  "inpaint_image: outside the drawn mask every pixel is the original's": async (connection, folder) => {
    const ask = { prompt: "a meadow", size: "1024x1024", quality: "low", output_format: "png" };
    const original = (await drawn(connection, "generate_image", ask)).said.images[0];
    const marked = (x, y) => x >= 300 && x < 700 && y >= 400 && y < 900;
    const mask = path.join(folder, "mask.png");
    await writeFile(mask, encodePng(1024, 1024, (x, y) => (marked(x, y) ? [255, 255, 255, 255] : [0, 0, 0, 255])));
    const change = { prompt: "a pond", image: original.id, mask, mask_means: "white_is_repainted", output: "file" };
    const { said, shown } = await drawn(connection, "inpaint_image", change);
    expect(shown.length === 0, "file shows an image");
    const [before, after] = [decodePng(await stored(original)), decodePng(await stored(said.images[0]))];
    const pixel = ({ width, channels, pixels }, x, y) => {
      const at = (y * width + x) * channels;
      return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
    };
    const changed = { inside: 0, outside: 0 };
    for (let y = 0; y < 1024; y += 1) {
      for (let x = 0; x < 1024; x += 1) {
        if (pixel(before, x, y) !== pixel(after, x, y)) changed[marked(x, y) ? "inside" : "outside"] += 1;
      }
    }
    expect(changed.outside === 0 && changed.inside > 100_000, changed);
  },

  "get_image: inline is the file byte for byte, at no cost": async (connection) => {
    const { said } = await drawn(connection, "generate_image", { prompt: "a lighthouse" });
    const again = await drawn(connection, "get_image", { id: said.images[0].id, output: "inline" });
    expect(again.shown[0].equals(await stored(said.images[0])), "other bytes");
    expect(again.said.cost_usd === 0 && again.said.images[0].path === said.images[0].path, again.said);
  },

  "resources: an image is listed, and is read back byte for byte at image://ID": async (connection) => {
    const { said } = await drawn(connection, "generate_image", { prompt: "a windmill", output: "file" });
    const [image] = said.images;
    const uri = `image://${image.id}`;
    const { resources } = await connection.client.listResources();
    const listed = resources.find((resource) => resource.uri === uri);
    expect(listed?.size === image.bytes && listed.mimeType === "image/png", { listed, image });
    const { contents } = await connection.client.readResource({ uri });
    expect(fromBase64(contents[0].blob).equals(await stored(image)), "other bytes");
  },

  "a wrong argument: a result marked as an error, which names it": async ({ call }) => {
    for (const [args, start] of [
      [{ prompt: "a cat", n: 99 }, "n: "],
      [{ prompt: "a cat", size: "1000x1000" }, "size: "],
      [{ prompt: "a cat", colour: "red" }, "colour: "],
      [{}, "prompt: "],
    ]) {
      const { isError, content } = await call({ name: "generate_image", arguments: args });
      expect(isError && content.length === 1 && content[0].text.startsWith(start), content);
      expect(content[0].text.includes("Nothing was charged."), content);
    }
  },

  "an unknown tool or resource: a protocol error with a code": async ({ client, call, version }) => {
    expect((await codeOf(() => call({ name: "paint_house", arguments: {} }))) === -32602, "unknown tool");
    // Version 2 of the SDK gives the newer code for either, where it is told the address.
    const missing = version >= "2026-07-28" ? [-32602] : [-32002, -32602];
    const code = await codeOf(() => client.readResource({ uri: "image://img_000000000000" }));
    expect(missing.includes(code), `unknown resource: ${code}`);
  },

  "a call that is given up: its image is kept all the same": async (connection) => {
    const giveUp = new AbortController();
    const onprogress = ({ progress }) => progress > 0 && giveUp.abort(new Error("given up"));
    const ask = { prompt: "an image nobody waits for", output: "file" };
    const call = drawn(connection, "generate_image", ask, { signal: giveUp.signal, onprogress });
    expect((await call.catch((error) => error.message)).includes("given up"), "it was answered");
    const deadline = Date.now() + 20_000;
    const kept = async () => {
      const { resources } = await connection.client.listResources();
      return resources.find((resource) => resource.description === ask.prompt);
    };
    let found = await kept();
    while (!found && Date.now() < deadline) found = await kept();
    const { contents } = await connection.client.readResource({ uri: found.uri });
    expect(decodePng(fromBase64(contents[0].blob)).width === 1254, found);
  },
};

async function inFolder(use) {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "gpt-image-mcp-")));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A call that takes longer than the client's time-out, kept alive by its progress. */
async function outlast(connect) {
  await inFolder(async (folder) => {
    const connection = await connect(folder, LONG_DELAY_S);
    const heard = [];
    const started = Date.now();
    try {
      const ask = { prompt: "a slow snail", output: "file" };
      const onprogress = (progress) => heard.push(progress);
      const options = { timeout: TIMEOUT_MS, resetTimeoutOnProgress: true, onprogress };
      const { said } = await drawn(connection, "generate_image", ask, options);
      await stored(said.images[0]);
    } finally {
      await connection.client.close();
    }
    const lasted = Date.now() - started;
    expect(lasted > TIMEOUT_MS, `it took only ${lasted} ms`);
    const rises = heard.every((one, at) => at === 0 || one.progress > heard[at - 1].progress);
    expect(heard.length >= 3 && rises && heard.every((one) => one.total === 1 && one.message), heard);
  });
}

/**
 * Runs every check in every mode: the name of a mode, and how to connect in it. The calls that
 * take long go on beside the others.
 */
export async function runAll(tally, modes) {
  const slow = modes.map(({ connect }) => outlast(connect).then(() => null, (error) => error));
  for (const { name, version, connect } of modes) {
    await inFolder(async (folder) => {
      const connection = await connect(folder, 0.2);
      await tally.run(`[${name}] speaks ${version}`, () => expect(connection.version === version, connection.version));
      for (const [words, check] of Object.entries(CHECKS)) {
        await tally.run(`[${name}] ${words}`, () => check(connection, folder));
      }
      await connection.client.close();
    });
  }
  for (const [at, { name }] of modes.entries()) {
    await tally.run(`[${name}] a call longer than the time-out lives by its progress, which rises`, async () => {
      const error = await slow[at];
      if (error) throw error;
    });
  }
}
