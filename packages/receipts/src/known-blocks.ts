import { DomainError } from "@koinon/errors/domain-error";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { type Bundle, parseBundle } from "./bundle.ts";
import type { Trust } from "./trust.ts";

/**
 * The block that a reader has to know for a bundle's anchor, so that it can ask its chain; undefined when there is no anchor, or
 * when the trust file names a block of it, or no chain at all.
 */
export function unknownAnchorBlock(bytes: Uint8Array, { anchoring: { chains } }: Trust): Hex | undefined {
  const hashes = headerHashes(bytes);
  const known = new Set(chains.flatMap(({ blocks }) => blocks));
  return chains.length === 0 || hashes.some((hash) => known.has(hash)) ? undefined : hashes.at(-1);
}

/** What is trusted with blocks that the reader knows from elsewhere. */
export function withKnownBlocks(
  trust: Trust,
  known: readonly Hex[],
  { required }: { readonly required: boolean },
): Trust {
  const chains = trust.anchoring.chains.map((chain) => ({
    ...chain,
    blocks: [...new Set([...chain.blocks, ...known])],
  }));
  return { ...trust, anchoring: { chains, required } };
}

function headerHashes(bytes: Uint8Array): Hex[] {
  let bundle: Bundle;
  try {
    bundle = parseBundle(bytes);
  } catch (error) {
    // The verifier says what is wrong with it.
    if (error instanceof DomainError) return [];
    throw error;
  }
  return bundle.anchor?.headers.map((header) => bytesToHex(keccak256(hexToBytes(header)))) ?? [];
}
