// A client in TypeScript, with version 1 of the SDK: draws an image, edits it by its id, prints
// both paths. Node 24 runs it as it is.
//
//   npm install @modelcontextprotocol/sdk@1
//   node examples/typescript_client.ts target/debug/gpt-image-mcp

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";

interface Image {
  id: string;
  path: string;
}

// An image takes 30 to 300 s, and the SDK gives up after 60 s unless it is told otherwise. The
// server reports progress every 5 s; with these options each report starts the clock anew.
const PATIENT = {
  timeout: 60_000,
  resetTimeoutOnProgress: true,
  maxTotalTimeout: 900_000,
  onprogress: ({ message }: { message?: string }) => console.error(message),
};

/** Calls a tool and answers with its first image. A call that is made again is paid again. */
async function draw(name: string, args: Record<string, unknown>): Promise<Image> {
  const answer = await client.callTool({ name, arguments: args }, CallToolResultSchema, PATIENT);
  const { content, isError } = CallToolResultSchema.parse(answer);
  // The first block is text: JSON where it succeeded, and words on what to do where it did not.
  // The blocks after it are previews for a model to look at; the whole image is the file.
  const [first] = content;
  if (first?.type !== "text") throw new Error("no text came back");
  if (isError) throw new Error(first.text);
  return JSON.parse(first.text).images[0];
}

// The client starts the server and talks to it over its stdin and stdout. With --sandbox it draws
// without a key. For real images leave that out and hand the key on, as the SDK passes few
// variables by itself: env: { OPENAI_API_KEY: process.env.OPENAI_API_KEY }
const client = new Client({ name: "example", version: "1.0.0" });
await client.connect(
  new StdioClientTransport({ command: process.argv[2] ?? "gpt-image-mcp", args: ["--sandbox"] }),
);
try {
  const size = { size: "1536x1024", quality: "low" };
  const kite = await draw("generate_image", { prompt: "a red kite over the sea", max_cost_usd: 0.05, ...size });
  console.log(kite.path);
  // An earlier image is named by its id; it need not be sent again.
  const night = await draw("edit_image", { prompt: "the same kite at night", images: [kite.id], ...size });
  console.log(night.path);
} finally {
  await client.close();
}
