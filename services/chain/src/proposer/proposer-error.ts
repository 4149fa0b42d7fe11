import { DomainError } from "@koinon/errors/domain-error";
import type { Hex } from "@koinon/secp256k1/hex";

/** Why a proposer can not go on. */
export type ProposerFault =
  | { code: "OWN_BLOCK_REFUSED"; block: Hex; status: string; reason: string }
  | { code: "NO_PAYLOAD"; head: Hex };

/** Thrown by proposers. */
export class ProposerError extends DomainError<ProposerFault> {}
