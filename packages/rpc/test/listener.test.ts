import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { Listener } from "../src/listener.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function socketPath(): Promise<string> {
  const folder = await temporaryFolder();
  cleanups.push(() => folder.remove());
  return `${folder.path}/x.sock`;
}

async function open(address: string, seen = { connections: 0 }): Promise<Listener> {
  const listener = await Listener.open(address, {
    certificates: undefined,
    onConnection: () => {
      seen.connections += 1;
    },
  });
  cleanups.push(() => {
    listener.close();
    listener.destroyConnections();
  });
  return listener;
}

describe("unix sockets", () => {
  test("are for their owner alone", async () => {
    const path = await socketPath();
    await open(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("one that a killed process left behind is replaced", async () => {
    const path = await socketPath();
    const script = fileURLToPath(new URL("echo-server-main.ts", import.meta.url));
    const child = await startChild({
      command: process.execPath,
      args: ["--no-warnings", script, `unix:${path}`],
      ready: /listening/,
    });
    await expect(open(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
    await child.kill();
    expect(existsSync(path)).toBe(true);
    const seen = { connections: 0 };
    await open(`unix:${path}`, seen);
    await once(connect({ path }), "connect");
    await waitFor(() => seen.connections === 1);
  });

  test("a file that is no socket is left alone", async () => {
    const path = await socketPath();
    writeFileSync(path, "precious");
    await expect(open(`unix:${path}`)).rejects.toThrow("EADDRINUSE");
    expect(existsSync(path)).toBe(true);
  });
});

describe("network addresses", () => {
  test("port 0 answers with the port that was bound", async () => {
    expect((await open("127.0.0.1:0")).address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  });

  test("an address in use is refused", async () => {
    const { address } = await open("127.0.0.1:0");
    await expect(open(address)).rejects.toThrow("EADDRINUSE");
  });

  test("connections are waited for, and ended when told", async () => {
    const listener = await open("127.0.0.1:0");
    const [host = "", port] = listener.address.split(":");
    const socket = connect({ host, port: Number(port) });
    socket.on("error", () => {});
    await once(socket, "connect");
    await new Promise((resolve) => setImmediate(resolve));
    listener.close();
    const disconnected = listener.disconnected();
    listener.destroyConnections();
    await Promise.all([disconnected, once(socket, "close")]);
  });
});
