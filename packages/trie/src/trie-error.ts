import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with a trie or with what is asked of it. Proof verification never throws these: it answers. */
export type TrieFault =
  | { code: "NODE_MISSING"; path: string }
  /** A leaf that a reader put together is not the one that its parent refers to. */
  | { code: "NODE_HASH_WRONG"; path: string }
  | { code: "NODE_MALFORMED"; reason: string }
  | { code: "CHANGES_NOT_SORTED"; key: string };

/** Thrown by updates and proof creation. */
export class TrieError extends DomainError<TrieFault> {}
