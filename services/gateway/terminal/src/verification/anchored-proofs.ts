import type { ChainNode } from "../gateway/chain-node.ts";
import type { GatewayClient } from "../gateway/gateway-client.ts";
import type { Evidence } from "./evidence.ts";
import type { ProofDependencies } from "./proofs.ts";
import type { TrustPin } from "./trust-pin.ts";
import type { Verdict } from "./verdict.ts";
import type { Verifier } from "./verifier.ts";

/** What bundles are fetched and verified with. */
export interface AnchoredProofsDependencies {
  readonly gateway: Pick<GatewayClient, "getBundle">;
  readonly chain: Pick<ChainNode, "ask" | "isReachable">;
  readonly verifier: Pick<Verifier, "verify" | "findAnchorBlock">;
  readonly trust: Pick<TrustPin, "state">;
}

/**
 * Proofs that ask the chain for the block of an anchor which the trust file does not name. Where the chain can not be asked,
 * bundles without an anchor are asked for: a verifier refuses an anchor that it can not check.
 */
export function createAnchoredProofs({
  gateway,
  chain,
  verifier,
  trust,
}: AnchoredProofsDependencies): Pick<ProofDependencies, "fetchBundle" | "canCheck" | "verify"> {
  return {
    async fetchBundle(requestId, signal) {
      const namesChains = (trust.state.get().pinned?.summary.chains.length ?? 0) > 0;
      const anchor = namesChains && (await chain.isReachable()) ? "available" : "auto";
      return gateway.getBundle(requestId, anchor, signal);
    },
    async canCheck(bundle, trustBytes) {
      const block = await verifier.findAnchorBlock(bundle, trustBytes);
      return block === null || (await chain.ask(block)).kind !== "unreachable";
    },
    async verify(evidence: Evidence, trustBytes: Uint8Array): Promise<Verdict> {
      const block = await verifier.findAnchorBlock(evidence.bundle, trustBytes);
      return verifier.verify(evidence, trustBytes, block === null ? null : { block, word: await chain.ask(block) });
    },
  };
}
