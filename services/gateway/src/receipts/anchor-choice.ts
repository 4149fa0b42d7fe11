import type { AnchorWish, Anchor as WireAnchor } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { BundleAnchor } from "@koinon/receipts/bundle-anchor";
import { noAnchoring, type Trust } from "@koinon/receipts/trust";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";

/**
 * Which anchor a bundle is to have: one that the published trust file can check; none; any; any if there is one, for a reader who
 * can ask the chain for its block; or one that a block shows.
 */
export type AnchorChoice = "auto" | "none" | "any" | "available" | Hex;

/** Blocks that are asked for at once; the log takes no more. */
const blocksMax = 64;

/** What is asked of the log; undefined for a proof without an anchor. A reader who can not check an anchor refuses it. */
export function anchorWishOf(choice: AnchorChoice, trust: Trust | undefined): AnchorWish | undefined {
  switch (choice) {
    case "none":
      return undefined;
    case "any":
      return { blocks: [], required: true };
    case "available":
      return { blocks: [], required: false };
    case "auto": {
      const { chains, required } = trust?.anchoring ?? noAnchoring;
      const blocks = chains.flatMap((chain) => chain.blocks);
      if (blocks.length === 0 && !required) return undefined;
      // Trust files grow at their end: the last blocks are the newest.
      return { blocks: blocks.slice(-blocksMax).map(hexToBytes), required };
    }
    default:
      return { blocks: [hexToBytes(choice)], required: true };
  }
}

/** The anchor as a bundle has it; null when there is none, or when one that is not required is of a registry that the trust file does not name. */
export function bundleAnchorOf(
  anchor: WireAnchor | undefined,
  choice: AnchorChoice,
  trust: Trust | undefined,
): BundleAnchor | null {
  if (anchor === undefined) return null;
  const registry = bytesToHex(anchor.registry);
  const isKnown = trust?.anchoring.chains.some((chain) => chain.registry === registry) ?? false;
  if ((choice === "auto" || choice === "available") && !isKnown) return null;
  const hex = (items: readonly Uint8Array[]): Hex[] => items.map((item) => bytesToHex(item));
  return {
    headers: hex(anchor.headers),
    account: hex(anchor.account),
    root: hex(anchor.root),
    submission: hex(anchor.submission),
  };
}
