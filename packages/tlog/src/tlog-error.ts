import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with a document of a transparency log. */
export type TlogFault =
  | { code: "NOTE_MALFORMED"; reason: string }
  | { code: "NOTE_SIGNATURE_INVALID"; name: string; keyId: string }
  | { code: "NOTE_UNSIGNED"; wanted: string }
  | { code: "NOTE_KEY_MALFORMED"; reason: string }
  | { code: "CHECKPOINT_MALFORMED"; reason: string }
  | { code: "CHECKPOINT_ORIGIN_UNKNOWN"; origin: string }
  | { code: "TILE_PATH_MALFORMED"; path: string }
  | { code: "TILE_MALFORMED"; path: string; reason: string }
  | { code: "TILE_NOT_AUTHENTIC"; path: string }
  | { code: "TREE_EDGE_INVALID"; size: bigint; reason: string }
  | { code: "HASH_NOT_IN_TREE"; level: number; index: bigint; treeSize: bigint }
  | { code: "ENTRY_BUNDLE_MALFORMED"; reason: string }
  | { code: "WITNESS_REQUEST_MALFORMED"; reason: string };

/** Thrown by the parsers, formatters and readers of this package. */
export class TlogError extends DomainError<TlogFault> {}
