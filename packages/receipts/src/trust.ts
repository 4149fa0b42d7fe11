import type { JsonValue } from "@koinon/canonical-json/json-value";
import { parseStrictJson } from "@koinon/canonical-json/parse-strict";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
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
  readonly anchoring: Anchoring;
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

/** Chains that checkpoints may be anchored to, and whether they have to be. */
export interface Anchoring {
  readonly chains: readonly TrustedChain[];
  /** A bundle without an anchor is refused. Never without chains. */
  readonly required: boolean;
}

/** A checkpoint registry on a chain. */
export interface TrustedChain {
  readonly chainId: bigint;
  readonly registry: Address;
  /** Hashes of blocks known to be of this chain; what they descend from is believed with them. */
  readonly blocks: readonly Hex[];
}

/** Of a reader who asks for no anchors. */
export const noAnchoring: Anchoring = { chains: [], required: false };

/** A trust file is refused beyond this size. */
export const trustBytesMax = 1 << 20;

const entriesMax = 4096;
const textLengthMax = 1024;

/** Without chains, and with them. */
const formats = { plain: "koinon.trust/1", anchoring: "koinon.trust/2" } as const;
const plainMembers = ["format", "chainId", "verifyingContract", "logs", "witnesses", "providers"] as const;
const anchoringMembers = [...plainMembers, "anchoring"] as const;

/** Reads a trust file (`koinon.trust/1`, or `/2` with chains); throws JsonError or ReceiptsError. */
export function parseTrust(bytes: Uint8Array): Trust {
  const root = new JsonNode("trust", parseStrictJson(bytes, { maxBytes: trustBytesMax }));
  const format = root.member("format").oneOf([formats.plain, formats.anchoring]);
  if (format === formats.plain) return { ...readPlain(root.members(plainMembers)), anchoring: noAnchoring };
  const { anchoring, ...members } = root.members(anchoringMembers);
  return { ...readPlain(members), anchoring: readAnchoring(anchoring) };
}

function readPlain(members: Record<(typeof plainMembers)[number], JsonNode>): Omit<Trust, "anchoring"> {
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
  const { chains, required } = trust.anchoring;
  return {
    format: chains.length === 0 ? formats.plain : formats.anchoring,
    chainId: trust.chainId.toString(),
    verifyingContract: trust.verifyingContract,
    logs: trust.logs.map(({ origin, vkey }) => ({ origin, vkey })),
    witnesses: { vkeys: [...trust.witnesses.vkeys], threshold: trust.witnesses.threshold },
    providers: trust.providers.map(({ root, name }) => ({ root, name })),
    ...(chains.length === 0 ? {} : { anchoring: { chains: chains.map(chainToJson), required } }),
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

function readAnchoring(node: JsonNode): Anchoring {
  const { chains: list, required } = node.members(["chains", "required"]);
  const chains = list.list(entriesMax).map(readChain);
  // One meaning has one format: without chains a trust file is of the first version.
  if (chains.length === 0) throw list.malformed("empty");
  if (hasDuplicates(chains.map(({ chainId, registry }) => `${chainId} ${registry}`)))
    throw list.malformed("a registry twice");
  return { chains, required: required.boolean() };
}

function readChain(node: JsonNode): TrustedChain {
  const { chainId, registry, blocks } = node.members(["chainId", "registry", "blocks"]);
  const hashes = blocks.list(entriesMax).map((hash) => hash.hex(32));
  if (hasDuplicates(hashes)) throw blocks.malformed("a block twice");
  return { chainId: chainId.decimal(256), registry: registry.hex(20), blocks: hashes };
}

function chainToJson({ chainId, registry, blocks }: TrustedChain): JsonValue {
  return { chainId: chainId.toString(), registry, blocks: [...blocks] };
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
