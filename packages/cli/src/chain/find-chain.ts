import { readFile } from "node:fs/promises";
import path from "node:path";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";
import { assertWebAddress } from "../connection/web-address.ts";
import { readSettings } from "../settings.ts";
import { JsonRpc } from "./json-rpc.ts";

/** Which chain, as options of a command. */
export interface ChainPlace {
  readonly rpc?: string | undefined;
  readonly data?: string | undefined;
}

/** The lines about them in a command's help. */
export const chainPlaceHelp = `  --rpc URL       JSON-RPC of the chain (KOINON_RPC); without it the one that the data folder names
  --data DIR      data folder of the network on this machine (KOINON_DATA, default ./data)`;

/** Finds the chain's JSON-RPC: what is given as an option, else in the environment, else in the data folder's network.json. */
export async function findChain({ rpc, data }: ChainPlace, terminal: Terminal): Promise<JsonRpc> {
  if (rpc !== undefined && data !== undefined) throw new UsageError("--rpc and --data exclude each other");
  const settings = readSettings(terminal);
  const url = rpc ?? (data === undefined ? settings.rpc : undefined);
  if (url !== undefined) assertWebAddress("--rpc", url, "http://127.0.0.1:8545");
  return new JsonRpc(url ?? (await publishedRpc(data ?? settings.data)), terminal.interrupted());
}

/** The data folder that a command is about. */
export function dataFolderOf({ data }: ChainPlace, terminal: Terminal): string {
  return data ?? readSettings(terminal).data;
}

async function publishedRpc(folder: string): Promise<string> {
  const file = path.join(folder, "network.json");
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    const hint = "'koinon start' makes it; --rpc URL names a chain elsewhere";
    throw new InputError(`can not read ${file}: ${reasonOf(cause)} (${hint})`, { cause });
  }
  const { rpc } = (content ?? {}) as { rpc?: unknown };
  if (typeof rpc === "string" && URL.canParse(rpc)) return rpc;
  throw new InputError(`${file} names no chain: the network was started without one`);
}
