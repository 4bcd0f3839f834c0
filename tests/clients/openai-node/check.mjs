// Runs the official, unchanged `openai` client for Node against an image API at a base URL.
//
// Usage: node check.mjs http://127.0.0.1:PORT/v1
//
// It is meant for the sandbox, where nothing is charged; no other key than `sk-sandbox` is sent.

import OpenAI, { toFile } from "openai";

import { Tally, expect } from "../javascript/checks.mjs";
import { decodePng, encodePng, fromBase64, inspect } from "../javascript/images.mjs";

const client = new OpenAI({ apiKey: "sk-sandbox", baseURL: process.argv[2], maxRetries: 0 });

/** The image of a reply, and what it is. */
function decoded(reply, at = 0) {
  const bytes = fromBase64(reply.data[at].b64_json);
  return { bytes, ...inspect(bytes) };
}

function plain(size, colour) {
  return encodePng(size, size, () => colour);
}

const upload = (bytes, name = "image.png") => toFile(bytes, name, { type: "image/png" });
const RED = plain(256, [200, 30, 30, 255]);
const BLUE = plain(256, [30, 30, 200, 255]);

async function refused(call) {
  try {
    await call();
  } catch (error) {
    expect(error instanceof OpenAI.APIError && error.requestID, error.message);
    return error;
  }
  throw new Error("not refused");
}

const CHECKS = {
  "generate: one PNG of exactly the pixels asked for, with usage": async () => {
    const ask = { model: "gpt-image-2", prompt: "a red kite", size: "1536x1024", quality: "medium" };
    const reply = await client.images.generate(ask);
    const { bytes, format } = decoded(reply);
    const { width, height, pixels } = decodePng(bytes);
    expect(format === "png" && width === 1536 && height === 1024 && pixels.length > 0, { format, width, height });
    expect(reply.size === "1536x1024" && reply.usage.output_tokens === 1372, reply.usage);
  },

  "generate: jpeg is a JPEG, webp a WebP, n images differ": async () => {
    const ask = { model: "gpt-image-2", prompt: "hills", size: "1024x1024", quality: "low" };
    const jpeg = await client.images.generate({ ...ask, output_format: "jpeg", output_compression: 60, n: 2 });
    const [one, two] = [decoded(jpeg, 0), decoded(jpeg, 1)];
    expect(one.format === "jpeg" && one.width === 1024 && one.height === 1024, one);
    expect(jpeg.data.length === 2 && !one.bytes.equals(two.bytes), "the same image twice");
    const webp = await client.images.generate({ ...ask, output_format: "webp" });
    expect(decoded(webp).format === "webp", webp.output_format);
  },

  "generate: a stream brings its partial image, then the whole one": async () => {
    const ask = { model: "gpt-image-2", prompt: "a boat", size: "1024x1024", quality: "low" };
    const events = [];
    for await (const event of await client.images.generate({ ...ask, stream: true, partial_images: 1 })) {
      events.push(event);
    }
    const kinds = events.map((event) => event.type).join();
    expect(kinds === "image_generation.partial_image,image_generation.completed", kinds);
    expect(decodePng(fromBase64(events[1].b64_json)).width === 1024, "the size");
  },

  "edit: two images go in and count as input tokens": async () => {
    const ask = { model: "gpt-image-2", prompt: "put image 1 into image 2", size: "1024x1536", quality: "low" };
    const image = [await upload(RED, "red.png"), await upload(BLUE, "blue.png")];
    const reply = await client.images.edit({ ...ask, image });
    const { width, height } = decodePng(decoded(reply).bytes);
    expect(width === 1024 && height === 1536, { width, height });
    expect(reply.usage.input_tokens_details.image_tokens === 2048, reply.usage);
  },

  "edit with a mask: outside it every pixel is the original's": async () => {
    const original = encodePng(1024, 1024, (x, y) => [x & 255, y & 255, (x * y) & 255, 255]);
    const mask = encodePng(1024, 1024, (x) => [0, 0, 0, x < 512 ? 255 : 0]);
    const ask = { model: "gpt-image-2", prompt: "a city at night", size: "1024x1024", quality: "low" };
    const reply = await client.images.edit({ ...ask, image: await upload(original), mask: await upload(mask, "mask.png") });
    const { width, channels, pixels } = decodePng(decoded(reply).bytes);
    const before = decodePng(original);
    const changed = { left: 0, right: 0 };
    for (let at = 0; at < 1024 * 1024; at += 1) {
      const same = [0, 1, 2].every((c) => pixels[at * channels + c] === before.pixels[at * before.channels + c]);
      if (!same) changed[at % width < 512 ? "left" : "right"] += 1;
    }
    expect(changed.left === 0 && changed.right > 100_000, changed);
  },

  "refused: each mistake by its code, and by the parameter's name": async () => {
    const ask = { model: "gpt-image-2", prompt: "a cat" };
    const odd = await refused(() => client.images.generate({ ...ask, size: "1000x1000" }));
    expect(odd.status === 400 && odd.code === "invalid_value" && odd.param === "size", odd);
    const foreign = await refused(() => client.images.generate({ ...ask, aspect_ratio: "16:9" }));
    expect(foreign.code === "unknown_parameter" && foreign.param === "aspect_ratio", foreign);
    const broken = await refused(async () => client.images.edit({ ...ask, image: await upload(Buffer.from("no")) }));
    expect(broken.code === "invalid_image_file", broken);
    const small = encodePng(128, 128, (x) => [0, 0, 0, x < 64 ? 255 : 0]);
    const mask = { ...ask, image: await upload(RED), mask: await upload(small, "mask.png") };
    const other = await refused(() => client.images.edit(mask));
    expect(other.code === "invalid_mask_image_format", other);
    const unknown = await refused(() => client.images.generate({ ...ask, model: "dall-e-9" }));
    expect(unknown.status === 404 && unknown.code === "model_not_found", unknown);
    const stranger = client.withOptions({ apiKey: "sk-invalid" });
    const key = await refused(() => stranger.images.generate(ask));
    expect(key instanceof OpenAI.AuthenticationError && key.code === "invalid_api_key", key);
  },

  "gpt-image-2-all by chat: two images in, a Markdown link to a PNG out": async () => {
    const image = (bytes) => ({
      type: "image_url",
      image_url: { url: `data:image/png;base64,${bytes.toString("base64")}` },
    });
    const content = [{ type: "text", text: "put image1 into image2" }, image(RED), image(BLUE)];
    const completion = await client.chat.completions.create({
      model: "gpt-image-2-all",
      messages: [{ role: "user", content }],
    });
    const text = completion.choices[0].message.content;
    const link = /^!\[image\]\((\S+)\)\n\n$/.exec(text);
    expect(link, text);
    const answer = await fetch(link[1]);
    const file = Buffer.from(await answer.arrayBuffer());
    const { width, height } = decodePng(file);
    expect(answer.ok && file.length > 10_000 && width > 1000 && height > 1000, { width, height });
    expect(completion.usage.prompt_tokens > 2048, completion.usage);
  },
};

const tally = new Tally();
for (const [words, check] of Object.entries(CHECKS)) await tally.run(words, check);
tally.close();
