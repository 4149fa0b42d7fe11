import { writePrivateFile } from "@koinon/machine/private-file";
import type { DataFolder } from "./data-folder.ts";

/** What a running network tells the command line; only the owner of the folder reads it. */
export interface NetworkFile {
  /** Base URL of the gateway. */
  readonly url: string;
  /** Key with every scope. */
  readonly adminKey: string;
  /** JSON-RPC of the shard, when there is one. */
  readonly rpc?: string;
  /** Process ids by name: the host and the children that it supervises. */
  readonly processes: Readonly<Record<string, number>>;
}

/** Publishes the file, replacing the former as a whole. */
export function writeNetworkFile(folder: DataFolder, network: NetworkFile): void {
  writePrivateFile(folder.networkFile, `${JSON.stringify(network, null, 2)}\n`);
}
