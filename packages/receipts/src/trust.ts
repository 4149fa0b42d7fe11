import type { JsonValue } from "@koinon/canonical-json/json-value";
import { parseStrictJson } from "@koinon/canonical-json/parse-strict";
import type { Address } from "@koinon/secp256k1/address";
import { parseVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import type { Network } from "./domain.ts";
import { JsonNode } from "./json-node.ts";

/** What a verifier believes without proof. It always comes from outside the bundle. */
export interface Trust extends Network {
  /** Logs whose checkpoints count, by origin. */
  readonly logs: readonly TrustedLog[];
  readonly witnesses: TrustedWitnesses;
  /** The parties whose root keys are known. */
  readonly providers: readonly TrustedProvider[];
}

/** A log: its origin line and its signed-note verifier key. */
export interface TrustedLog {
  readonly origin: string;
  readonly vkey: string;
}

/** Witnesses, and how many of them have to have cosigned a checkpoint. */
export interface TrustedWitnesses {
  readonly vkeys: readonly string[];
  readonly threshold: number;
}

/** A party by its root address; the name is for people. */
export interface TrustedProvider {
  readonly root: Address;
  readonly name: string;
}

/** A trust file is refused beyond this size. */
export const trustBytesMax = 1 << 20;

const entriesMax = 4096;
const textLengthMax = 1024;

/** Reads a trust file (`koinon.trust/1`); throws JsonError or ReceiptsError. */
export function parseTrust(bytes: Uint8Array): Trust {
  const root = new JsonNode("trust", parseStrictJson(bytes, { maxBytes: trustBytesMax }));
  const members = root.members(["format", "chainId", "verifyingContract", "logs", "witnesses", "providers"]);
  members.format.oneOf(["koinon.trust/1"]);
  const providers = members.providers.list(entriesMax).map((node) => {
    const { root: address, name } = node.members(["root", "name"]);
    return { root: address.hex(20), name: name.text(textLengthMax) };
  });
  if (hasDuplicates(providers.map((provider) => provider.root))) throw members.providers.malformed("a root twice");
  return {
    chainId: members.chainId.decimal(256),
    verifyingContract: members.verifyingContract.hex(20),
    logs: readLogs(members.logs),
    witnesses: readWitnesses(members.witnesses),
    providers,
  };
}

/** The trust file's JSON; callers may format it with any white space. */
export function trustToJson(trust: Trust): JsonValue {
  return {
    format: "koinon.trust/1",
    chainId: trust.chainId.toString(),
    verifyingContract: trust.verifyingContract,
    logs: trust.logs.map(({ origin, vkey }) => ({ origin, vkey })),
    witnesses: { vkeys: [...trust.witnesses.vkeys], threshold: trust.witnesses.threshold },
    providers: trust.providers.map(({ root, name }) => ({ root, name })),
  };
}

function readLogs(node: JsonNode): TrustedLog[] {
  const logs = node.list(entriesMax).map((item) => {
    const { origin, vkey } = item.members(["origin", "vkey"]);
    readKey(vkey, "ed25519");
    return { origin: origin.text(textLengthMax), vkey: vkey.text(textLengthMax) };
  });
  if (hasDuplicates(logs.map((log) => log.origin))) throw node.malformed("an origin twice");
  return logs;
}

function readWitnesses(node: JsonNode): TrustedWitnesses {
  const { vkeys: list, threshold: needed } = node.members(["vkeys", "threshold"]);
  const vkeys = list.list(entriesMax).map((item) => {
    readKey(item, "cosignature");
    return item.text(textLengthMax);
  });
  // One key under two names would count as two witnesses.
  const materials = vkeys.map((vkey) => parseVerifierKey(vkey).publicKey.join());
  if (hasDuplicates(materials)) throw list.malformed("a key twice");
  const threshold = needed.integer(vkeys.length);
  return { vkeys, threshold };
}

function readKey(node: JsonNode, type: VerifierKey["type"]): void {
  let key: VerifierKey;
  try {
    key = parseVerifierKey(node.text(textLengthMax));
  } catch {
    throw node.malformed("not a signed-note verifier key");
  }
  if (key.type !== type) throw node.malformed(`not a key of type ${type}`);
}

function hasDuplicates(texts: readonly string[]): boolean {
  return new Set(texts).size !== texts.length;
}
