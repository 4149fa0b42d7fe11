import { createHash } from "node:crypto";
import path from "node:path";
import { readOrCreatePrivateFile } from "@koinon/machine/private-file";
import type { Random } from "@koinon/runtime/random";
import {
  createSignerKey,
  createVerifierKey,
  formatSignerKey,
  formatVerifierKey,
  parseSignerKey,
} from "@koinon/tlog/note-key";
import type { DataFolder } from "./data-folder.ts";

/** The key of this network's log. */
export interface LogIdentity {
  /** File that holds the signer key, for the poi service. */
  readonly keyFile: string;
  readonly origin: string;
  readonly vkey: string;
}

/** Reads the log's key, or makes it at the first start. */
export function ensureLogIdentity(folder: DataFolder, random: Random): LogIdentity {
  const keyFile = path.join(folder.keys, "log.skey");
  return { keyFile, ...verifierKeyOf(readOrCreatePrivateFile(keyFile, () => createLogSignerKey(random))) };
}

/** A new signer key of a log (PRIVATE+KEY+…). The origin names the key, so two networks never share one. */
export function createLogSignerKey(random: Random): string {
  const seed = random.bytes(32);
  const unnamed = createSignerKey("unnamed", "ed25519", seed);
  const fingerprint = createHash("sha256").update(unnamed.publicKey).digest("hex").slice(0, 16);
  return formatSignerKey(createSignerKey(`koinon.local/log/${fingerprint}`, "ed25519", seed));
}

/** What others know a log by. */
export function verifierKeyOf(signerKey: string): { readonly origin: string; readonly vkey: string } {
  const key = parseSignerKey(signerKey);
  return { origin: key.name, vkey: formatVerifierKey(createVerifierKey(key.name, "ed25519", key.publicKey)) };
}
