// Runs the official, unchanged TypeScript SDK, version 2, against the server over stdio and
// Streamable HTTP, in both eras: by the handshake, by asking the server first, and pinned to the newest version.
//
// Usage: node check.mjs PATH_OF_THE_BINARY

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { Tally } from "../javascript/checks.mjs";
import { closing, launch, runAll, serve } from "../javascript/mcp.mjs";

const binary = process.argv[2];
const NEWEST = "2026-07-28";

function connecting(mode, overHttp) {
  return async (folder, delay) => {
    const client = new Client({ name: "check", version: "1" }, { versionNegotiation: { mode } });
    let transport;
    if (overHttp) {
      const server = await serve(binary, folder, delay);
      closing(client, server);
      transport = new StreamableHTTPClientTransport(server.url, { requestInit: { headers: server.headers } });
    } else {
      transport = new StdioClientTransport(launch(binary, folder, delay));
    }
    await client.connect(transport);
    const version = client.getNegotiatedProtocolVersion();
    return { client, version, call: (params, options) => client.callTool(params, options) };
  };
}

const tally = new Tally();
await runAll(tally, [
  { name: "v2 legacy", version: "2025-11-25", connect: connecting("legacy") },
  { name: "v2 auto", version: NEWEST, connect: connecting("auto") },
  { name: "v2 pinned", version: NEWEST, connect: connecting({ pin: NEWEST }) },
  { name: "v2 http legacy", version: "2025-11-25", connect: connecting("legacy", true) },
  { name: "v2 http auto", version: NEWEST, connect: connecting("auto", true) },
  { name: "v2 http pinned", version: NEWEST, connect: connecting({ pin: NEWEST }, true) },
]);
tally.close();
