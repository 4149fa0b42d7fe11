import { createHash } from "node:crypto";
import { type Checkpoint, signCheckpoint } from "@koinon/tlog/checkpoint";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatVerifierKey, parseSignerKey, type SignerKey } from "@koinon/tlog/note-key";
import { TlogError } from "@koinon/tlog/tlog-error";
import { PoiError } from "../errors.ts";

/** The log's identity: its key, whose name is the log's origin. */
export interface LogKey {
  readonly origin: string;
  readonly vkey: string;
  /** What the log is called in subjects of events: letters and digits. */
  readonly token: string;
  sign(checkpoint: Checkpoint): string;
  /** A secret that follows from the log's, 32 bytes, the same in every replica. */
  derive(purpose: string): Uint8Array;
}

/** Reads the log's signer key (PRIVATE+KEY+…, type Ed25519); throws LOG_KEY_INVALID. */
export function openLogKey(skey: string): LogKey {
  const key = parseLogKey(skey);
  const origin = key.name;
  return {
    origin,
    vkey: formatVerifierKey(key),
    token: createHash("sha256").update(origin).digest("hex").slice(0, 16),
    sign: (checkpoint) => signCheckpoint(checkpoint, key, nodeEd25519),
    derive: (purpose) => createHash("sha256").update(`koinon.poi ${purpose}\n`).update(key.seed).digest(),
  };
}

function parseLogKey(skey: string): SignerKey {
  let key: SignerKey;
  try {
    key = parseSignerKey(skey, nodeEd25519);
  } catch (cause) {
    // The cause says which part is wrong and nothing of the key.
    const reason = cause instanceof TlogError && "reason" in cause.fault ? cause.fault.reason : "unreadable";
    throw new PoiError({ code: "LOG_KEY_INVALID", reason }, { cause });
  }
  if (key.type !== "ed25519") throw new PoiError({ code: "LOG_KEY_INVALID", reason: `type ${key.type}` });
  return key;
}
