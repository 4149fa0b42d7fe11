import { trustToJson } from "@koinon/receipts/trust";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import type { DataFolder } from "./data-folder.ts";
import type { LogIdentity } from "./log-identity.ts";
import { writePublicFile } from "./private-file.ts";

/** Chain id of the signing domain on a laptop. */
export const laptopChainId = 31_337n;

/** Writes the trust file of this network: its log, and the root keys of its providers. */
export function writeTrustFile(
  folder: DataFolder,
  log: LogIdentity,
  providers: readonly { readonly root: Address; readonly name: string }[],
): void {
  const trust = {
    chainId: laptopChainId,
    verifyingContract: zeroAddress,
    logs: [{ origin: log.origin, vkey: log.vkey }],
    witnesses: { vkeys: [], threshold: 0 },
    providers,
  };
  writePublicFile(folder.trustFile, `${JSON.stringify(trustToJson(trust), null, 2)}\n`);
}
