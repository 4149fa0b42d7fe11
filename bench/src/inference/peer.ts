import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { request } from "undici";

/** The npm package `@portkey-ai/gateway`, started on a free loopback port. */
export interface Peer {
  readonly origin: string;
  stop(): void;
}

/** Starts the peer, or answers undefined when the package is not installed. */
export async function startPeer(): Promise<Peer | undefined> {
  const entry = peerEntry();
  if (entry === undefined) return undefined;
  const port = await freePort();
  const child = spawn(process.execPath, [entry, `--port=${port}`, "--headless"], { stdio: "ignore" });
  const origin = `http://127.0.0.1:${port}`;
  await answers(origin, child);
  return { origin, stop: () => void child.kill("SIGTERM") };
}

function peerEntry(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve("@portkey-ai/gateway/package.json");
    return path.join(path.dirname(manifest), "build/start-server.js");
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function answers(origin: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the peer ended with ${child.exitCode}`);
    try {
      await (await request(origin)).body.dump();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  child.kill("SIGKILL");
  throw new Error("the peer did not answer within 10 s");
}
