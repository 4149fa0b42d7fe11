import { readFile } from "node:fs/promises";
import path from "node:path";
import { KoinonClient } from "@koinon/sdk/client";
import { ApiError } from "@koinon/sdk/fault";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { readSettings } from "../settings.ts";
import { reasonOf } from "./files.ts";
import { assertWebAddress, unreachableReason } from "./web-address.ts";

/** Which gateway, as options of a command. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly data?: string | undefined;
}

/** A gateway to talk to. */
export interface Connection {
  readonly url: string;
  readonly client: KoinonClient;
  /** The credential is the data folder's administrator's. */
  readonly isAdministrator: boolean;
}

/** For `parseArgs`: the options that `connect` takes. */
export const connectionOptions = {
  url: { type: "string" },
  key: { type: "string" },
  data: { type: "string" },
} as const;

/** The lines about them in a command's help. */
export const connectionHelp = `  --url URL    the gateway's address (KOINON_URL); without it the one that the data folder names
  --key KEY    an API key (KOINON_API_KEY); without it the administrator's of the data folder
  --data DIR   data folder of the network on this machine (KOINON_DATA, default ./data)`;

/** Finds the gateway: what is given as an option, else in the environment, else in the data folder's network.json. */
export async function connect(options: ConnectionOptions, terminal: Terminal): Promise<Connection> {
  const settings = readSettings(terminal);
  if (options.url !== undefined && options.data !== undefined)
    throw new UsageError("--url and --data exclude each other");
  const url = options.url ?? (options.data === undefined ? settings.url : undefined);
  const key = options.key ?? settings.apiKey?.reveal();
  if (url !== undefined) {
    assertWebAddress("--url", url, "http://127.0.0.1:8080");
    return { url, client: new KoinonClient({ url, ...(key === undefined ? {} : { key }) }), isAdministrator: false };
  }
  const network = await readNetworkFile(path.join(options.data ?? settings.data, "network.json"));
  const client = new KoinonClient({ url: network.url, key: key ?? network.adminKey });
  return { url: network.url, client, isAdministrator: key === undefined };
}

/**
 * Runs calls and puts their failures in words: an unreachable gateway is input that can not be read; a refusal is a plain no, unless
 * the command can not give its own answer without what was refused.
 */
export async function inWords<T>(
  url: string,
  calls: () => Promise<T>,
  { refusal = "answer" }: { refusal?: "answer" | "unreadable" } = {},
): Promise<T> {
  try {
    return await calls();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { fault } = error;
    switch (fault.code) {
      case "UNREACHABLE":
        throw new InputError(
          `can not reach the gateway at ${url}: ${unreachableReason(fault.problem)}. Is it running?`,
          { cause: error },
        );
      case "TIMEOUT":
        throw new InputError(`the gateway at ${url} did not answer within ${fault.timeoutMs} ms`, { cause: error });
      case "ANSWER_MALFORMED":
        throw new InputError(`${fault.url} did not answer as a gateway does: ${fault.problem}`, { cause: error });
      case "REFUSED": {
        // A gateway names a reason; a proxy before it, or a server that is none, has only HTTP's.
        if (fault.reason === `HTTP_${fault.status}`) {
          const answer = `HTTP ${fault.status} ${fault.problem}`.trim();
          throw new InputError(`${url} did not answer as a gateway does: ${answer}`, { cause: error });
        }
        const problem = `${fault.problem} (${fault.reason}, HTTP ${fault.status})`;
        throw refusal === "answer" ? new Error(problem, { cause: error }) : new InputError(problem, { cause: error });
      }
    }
  }
}

async function readNetworkFile(file: string): Promise<{ url: string; adminKey: string }> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    const hint = "'koinon start' makes it; --url URL --key KEY name a network elsewhere";
    throw new InputError(`can not read ${file}: ${reasonOf(cause)} (${hint})`, { cause });
  }
  const { url, adminKey } = (content ?? {}) as { url?: unknown; adminKey?: unknown };
  if (typeof url === "string" && URL.canParse(url) && typeof adminKey === "string") return { url, adminKey };
  throw new InputError(`${file} does not name a network: url and adminKey are missing`);
}
