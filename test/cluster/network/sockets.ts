import { readFile } from "node:fs/promises";
import { processesOf } from "./container-processes.ts";
import type { Pod } from "./kubernetes.ts";

/** Where a pod has a TCP connection to that it opened itself. */
export interface Dial {
  readonly address: string;
  readonly port: number;
}

// States of include/net/tcp_states.h.
const listening = "0A";
const established = "01";

/** Connections that a pod opened and has now; once each. */
export async function dialsOf(pod: Pod, container: string): Promise<readonly Dial[]> {
  const [pid] = await processesOf(pod, container);
  if (pid === undefined) throw new Error(`${pod.metadata.name}: no process of ${container} was found`);
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8")));
  const sockets = tables.flatMap((table) => table.trim().split("\n").slice(1).map(socketOf));
  const own = new Set(sockets.filter(({ state }) => state === listening).map(({ local }) => local.port));
  const opened = sockets.filter(({ state, local }) => state === established && !own.has(local.port));
  const distinct = new Map(opened.map(({ remote }) => [`${remote.address}:${remote.port}`, remote]));
  return [...distinct.values()].filter(({ address }) => !address.startsWith("127."));
}

function socketOf(line: string): { local: Dial; remote: Dial; state: string } {
  const [, local = "", remote = "", state = ""] = line.trim().split(/\s+/);
  return { local: endpointOf(local), remote: endpointOf(remote), state };
}

/** `0B01F50A:1B58`: an IPv4 address as a little-endian word, also at the end of a mapped IPv6 address, and the port. */
function endpointOf(text: string): Dial {
  const [word = "", port = ""] = text.split(":");
  const bytes = word.slice(-8).match(/../g) ?? [];
  return {
    address: bytes
      .reverse()
      .map((byte) => Number.parseInt(byte, 16))
      .join("."),
    port: Number.parseInt(port, 16),
  };
}
