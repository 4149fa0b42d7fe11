import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { freePort } from "@koinon/machine/free-port";
import { type Peer, untilAnswering } from "./peer.ts";

/** Starts the npm package `@portkey-ai/gateway`; undefined when it is not installed. */
export async function startPortkey(engineUrl: string): Promise<Peer | undefined> {
  const entry = installedEntry();
  if (entry === undefined) return undefined;
  const port = await freePort();
  const child = spawn(process.execPath, [entry, `--port=${port}`, "--headless"], { stdio: "ignore" });
  const origin = `http://127.0.0.1:${port}`;
  const stop = () => void child.kill("SIGTERM");
  try {
    await untilAnswering(origin, 10_000, () => child.exitCode !== null);
  } catch (error) {
    stop();
    throw error;
  }
  const headers = { authorization: "Bearer bench", "x-portkey-provider": "openai", "x-portkey-custom-host": engineUrl };
  return { name: "portkey", origin, headers, stop };
}

function installedEntry(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve("@portkey-ai/gateway/package.json");
    return path.join(path.dirname(manifest), "build/start-server.js");
  } catch {
    return undefined;
  }
}
