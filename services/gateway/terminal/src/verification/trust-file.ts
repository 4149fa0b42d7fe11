import { digestOf } from "@koinon/receipts/commitment";
import { parseTrust, type Trust, trustToJson } from "@koinon/receipts/trust";

/** What a trust file says, for people and for comparison. */
export interface TrustSummary {
  /** SHA-256 of what the file says, whatever its white space. */
  readonly fingerprint: string;
  readonly network: string;
  readonly logs: readonly { readonly origin: string; readonly vkey: string }[];
  readonly witnesses: readonly string[];
  readonly threshold: number;
  readonly providers: readonly { readonly root: string; readonly name: string }[];
  /** Chain id, registry and blocks of each chain, in words. */
  readonly chains: readonly string[];
  /** Bundles without an anchor are refused. */
  readonly anchorRequired: boolean;
}

/** Reads a trust file; throws DomainError when it is none. */
export function readTrustFile(bytes: Uint8Array): { readonly trust: Trust; readonly summary: TrustSummary } {
  const trust = parseTrust(bytes);
  // The reader builds the object in one fixed order, so equal meaning gives equal text.
  const meaning = new TextEncoder().encode(JSON.stringify(trustToJson(trust)));
  const summary: TrustSummary = {
    fingerprint: digestOf(meaning),
    network: `chain ${trust.chainId}, contract ${trust.verifyingContract}`,
    logs: trust.logs.map(({ origin, vkey }) => ({ origin, vkey })),
    witnesses: [...trust.witnesses.vkeys],
    threshold: trust.witnesses.threshold,
    providers: trust.providers.map(({ root, name }) => ({ root, name })),
    chains: trust.anchoring.chains.map(
      ({ chainId, registry, blocks }) =>
        `chain ${chainId}, registry ${registry}, ${blocks.length === 0 ? "no block" : `blocks ${blocks.join(" ")}`}`,
    ),
    anchorRequired: trust.anchoring.required,
  };
  return { trust, summary };
}
