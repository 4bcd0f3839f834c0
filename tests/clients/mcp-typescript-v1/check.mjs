// Runs the official, unchanged TypeScript SDK, version 1, against the server over stdio: the
// handshake era, which most installed clients speak.
//
// Usage: node check.mjs PATH_OF_THE_BINARY

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

import { Tally } from "../javascript/checks.mjs";
import { launch, runAll } from "../javascript/mcp.mjs";

const binary = process.argv[2];

async function connect(folder, delay) {
  const client = new Client({ name: "check", version: "1" });
  const transport = new StdioClientTransport(launch(binary, folder, delay));
  // The SDK tells the version to its transport only.
  let version;
  transport.setProtocolVersion = (agreed) => (version = agreed);
  await client.connect(transport);
  return { client, version, call: (params, options) => client.callTool(params, undefined, options) };
}

const tally = new Tally();
await runAll(tally, [{ name: "v1", version: "2025-11-25", connect }]);
tally.close();
