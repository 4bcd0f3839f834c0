// Runs the official, unchanged TypeScript SDK, version 1, against the server over stdio, Streamable
// HTTP and SSE: the handshake era, which most installed clients speak.
//
// Usage: node check.mjs PATH_OF_THE_BINARY

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { Tally } from "../javascript/checks.mjs";
import { closing, launch, runAll, serve } from "../javascript/mcp.mjs";

const binary = process.argv[2];

async function connect(folder, delay) {
  return connected(new StdioClientTransport(launch(binary, folder, delay)));
}

async function connectHttp(folder, delay) {
  const server = await serve(binary, folder, delay);
  const { headers } = server;
  return connected(new StreamableHTTPClientTransport(server.url, { requestInit: { headers } }), server);
}

async function connectSse(folder, delay) {
  const server = await serve(binary, folder, delay);
  const { headers } = server;
  // What opens the stream takes its headers apart from what posts.
  const eventSourceInit = { fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }) };
  const options = { requestInit: { headers }, eventSourceInit };
  return connected(new SSEClientTransport(new URL("/sse", server.url), options), server);
}

async function connected(transport, server) {
  const client = new Client({ name: "check", version: "1" });
  if (server) closing(client, server);
  // The SDK tells the version to its transport only.
  let version;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (agreed) => {
    version = agreed;
    tell?.(agreed);
  };
  await client.connect(transport);
  return { client, version, call: (params, options) => client.callTool(params, undefined, options) };
}

const tally = new Tally();
await runAll(tally, [
  { name: "v1 stdio", version: "2025-11-25", connect },
  { name: "v1 http", version: "2025-11-25", connect: connectHttp },
  { name: "v1 sse", version: "2025-11-25", connect: connectSse },
]);
tally.close();
