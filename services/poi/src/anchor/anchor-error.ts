import { DomainError } from "@koinon/errors/domain-error";
import type { Hex } from "@koinon/secp256k1/hex";

/** Why a checkpoint is not anchored. None of these names the node's URL, which may hold a key. */
export type AnchorFault =
  /** The node did not answer, after all attempts. */
  | { code: "CHAIN_UNREACHABLE"; method: string; reason: string }
  /** The node answered with a JSON-RPC error. */
  | { code: "CHAIN_REFUSED"; method: string; rpcCode: number; reason: string }
  /** The answer is not what the method answers. */
  | { code: "CHAIN_REPLY_MALFORMED"; method: string; reason: string }
  /** The node serves another chain than the configured one. */
  | { code: "CHAIN_MISMATCH"; configured: bigint; found: bigint }
  /** The registry holds a root of this log that the log does not have: it was forked, or restored without its tail. */
  | { code: "ANCHOR_CONFLICT"; size: bigint; anchored: Hex }
  /** The transaction was included and reverted. */
  | { code: "ANCHOR_REVERTED"; transaction: Hex }
  /** The chain asks for more than is allowed, in wei per gas. */
  | { code: "ANCHOR_FEE_TOO_HIGH"; baseFee: bigint; limit: bigint }
  /** The transaction is not included, and nothing more can be paid. */
  | { code: "ANCHOR_STUCK"; transaction: Hex }
  /** The block that should hold the checkpoint does not prove it; a reorganisation, or a node that is not in step. */
  | { code: "ANCHOR_UNPROVED"; size: bigint; block: bigint };

/** Thrown by everything that anchors. */
export class AnchorError extends DomainError<AnchorFault> {}
