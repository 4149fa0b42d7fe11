import { type Anchoring, noAnchoring, trustToJson } from "@koinon/receipts/trust";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";

/** Chain id of the signing domain on a laptop, and the default of every service. */
export const laptopChainId = 31_337n;

/**
 * The text of the trust file of a network that signs for the default domain: its log, the root keys of its providers, and the
 * chain that the log is anchored to.
 */
export function trustText(
  log: { readonly origin: string; readonly vkey: string },
  providers: readonly { readonly root: Address; readonly name: string }[],
  anchoring: Anchoring = noAnchoring,
): string {
  const trust = {
    chainId: laptopChainId,
    verifyingContract: zeroAddress,
    logs: [{ origin: log.origin, vkey: log.vkey }],
    witnesses: { vkeys: [], threshold: 0 },
    providers,
    anchoring,
  };
  return `${JSON.stringify(trustToJson(trust), null, 2)}\n`;
}
