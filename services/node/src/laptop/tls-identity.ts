import path from "node:path";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { Authority } from "../authority.ts";
import type { DataFolder } from "./data-folder.ts";

/** PEM files of one process. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

const certificateDays = 30;

/** Issues a fresh certificate for a process of this machine, under an authority made at the first start. */
export async function issueTlsFiles(
  folder: DataFolder,
  process: { readonly name: string; readonly services: readonly string[] },
  dependencies: { clock: Clock; random: Random },
): Promise<TlsFiles> {
  const authority = await Authority.open(folder.tls, "Koinon laptop", dependencies);
  const files = {
    certificateFile: path.join(folder.tls, `${process.name}.crt`),
    keyFile: path.join(folder.tls, `${process.name}.key`),
  };
  const hosts = ["localhost", "127.0.0.1"];
  await authority.issue(files, { services: process.services, hosts, days: certificateDays });
  return { ...files, caFile: path.join(folder.tls, "ca.crt") };
}
