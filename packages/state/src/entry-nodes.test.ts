import { describe, expect, test } from "@jest/globals";
import { emptyCodeHash } from "@koinon/ethereum/account";
import type { StateChanges } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { verifyProof } from "@koinon/trie/proof";
import { atOnce } from "@koinon/trie/steps";
import { proveAccount } from "./account-proof.ts";
import { decodeAccountRecord, encodeAccountRecord } from "./account-record.ts";
import { applyChanges } from "./apply-changes.ts";
import { hashedKey } from "./hashed-key.ts";
import { accountKey, accountNodeKey, isNodeKey, type StateKey } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";

const addresses = Array.from(
  { length: 60 },
  (_, index): Address => bytesToHex(keccak256(Uint8Array.of(index)).subarray(12)),
);
const owner = addresses[0] as Address;

/** A state in a map, which can be tampered with. */
class MapSource implements StateSource {
  readonly entries = new Map<StateKey, Uint8Array>();
  root = "";

  get(key: StateKey): Uint8Array | undefined {
    return this.entries.get(key);
  }

  slotKeys(): Set<StateKey> {
    return new Set();
  }

  code(): undefined {
    return undefined;
  }

  apply(changes: StateChanges): StateKey[] {
    const { root, delta } = atOnce(applyChanges(this, changes));
    for (const [key, { before, after }] of delta) {
      expect({ key, before }).toEqual({ key, before: this.entries.get(key) });
      if (after === undefined) this.entries.delete(key);
      else this.entries.set(key, after);
    }
    this.root = root;
    return [...delta.keys()];
  }
}

function pay(names: readonly Address[], balance: bigint | undefined): StateChanges {
  const account = balance === undefined ? undefined : { nonce: 0n, balance, codeHash: emptyCodeHash };
  return {
    accounts: new Map(names.map((address) => [address, account])),
    storage: new Map(),
    clearedStorage: new Set(),
    code: new Map(),
  };
}

function filled(): MapSource {
  const source = new MapSource();
  source.apply(pay(addresses, 7n));
  const storage = new Map([
    [owner, new Map(Array.from({ length: 40 }, (_, slot) => [BigInt(slot), 2n ** 200n + BigInt(slot)]))],
  ]);
  source.apply({ ...pay([], 0n), storage });
  return source;
}

const digitsOf = (address: Address) => address.slice(2);

/** Where the leaf of an account is. */
function leafPath(source: MapSource, address: Address): string {
  const hash = hashedKey(digitsOf(address));
  for (let depth = 0; depth < 64; depth++) {
    const stored = source.get(accountNodeKey(hash.slice(0, depth)));
    if (stored?.[0] === 0) return hash.slice(0, depth);
  }
  throw new Error("no leaf");
}

/** Two accounts without storage whose leaves are the only children of one branch. */
function pair(source: MapSource): readonly [Address, Address] {
  for (const address of addresses) {
    const parent = leafPath(source, address).slice(0, -1);
    const beside = addresses.filter((other) => hashedKey(digitsOf(other)).startsWith(parent));
    if (
      parent !== "" &&
      beside.length === 2 &&
      !beside.includes(owner) &&
      beside.every((other) => leafPath(source, other).slice(0, -1) === parent)
    )
      return beside as [Address, Address];
  }
  throw new Error("no pair");
}

describe("tries over entries", () => {
  test("store no leaf: a new balance changes the account and the branches above, a new word as well", () => {
    const source = filled();
    const [address] = pair(source);
    const path = leafPath(source, address);
    const above = Array.from({ length: path.length }, (_, depth) => accountNodeKey(path.slice(0, depth)));
    expect(source.apply(pay([address], 8n)).sort()).toEqual([accountKey(address), ...above].sort());
    for (const key of source.entries.keys()) {
      const bytes = source.get(key) as Uint8Array;
      if (isNodeKey(key) && bytes.length < 100) expect([0x00, 0xe2, 0xf8]).toContain(bytes[0]);
    }
  });

  test("collapse to a neighbour that no change names, and split beside it again", () => {
    const source = filled();
    const { root } = source;
    const [address, neighbour] = pair(source);
    const before = leafPath(source, neighbour);
    const changed = source.apply(pay([address], undefined));
    const after = leafPath(source, neighbour);
    expect(after.length).toBeLessThan(before.length);
    expect(changed).toContain(accountNodeKey(before));
    expect(changed).not.toContain(accountKey(neighbour));
    const absent = proveAccount(source, address, []);
    const verdict = verifyProof(hexToBytes(source.root), keccak256(hexToBytes(address)), absent.accountProof);
    expect(verdict).toEqual({ valid: true, value: undefined });
    // The proof of absence ends at the neighbour's leaf, which was put together.
    expect(absent.accountProof.length).toBe(after.length + 1);
    source.apply(pay([address], 7n));
    expect(leafPath(source, neighbour)).toBe(before);
    expect(source.root).toBe(root);
  });

  test("tell of an entry that is gone or of another time, also of a neighbour's", () => {
    const faultOf = (tamper: (source: MapSource, neighbour: Address) => void, balance?: bigint): string => {
      const source = filled();
      const [address, neighbour] = pair(source);
      tamper(source, neighbour);
      try {
        source.apply(pay([balance === undefined ? address : neighbour], balance));
        return "none";
      } catch (error) {
        return error instanceof Error && "code" in error ? String(error.code) : String(error);
      }
    };
    const remove = (source: MapSource, address: Address) => source.entries.delete(accountKey(address));
    const age = (source: MapSource, address: Address) => {
      const record = decodeAccountRecord(source.get(accountKey(address)) as Uint8Array);
      source.entries.set(accountKey(address), encodeAccountRecord({ ...record, balance: 6n }));
    };
    const removeReference = (source: MapSource, address: Address) =>
      source.entries.delete(accountNodeKey(leafPath(source, address)));
    const swap = (source: MapSource, address: Address) =>
      source.entries.set(accountNodeKey(leafPath(source, address)), hexToBytes(`0x00${digitsOf(owner)}`));
    // A collapse to the neighbour, then a change of it.
    expect(faultOf(() => undefined)).toBe("none");
    expect(faultOf(remove)).toBe("STATE_CORRUPT");
    expect(faultOf(age)).toBe("NODE_HASH_WRONG");
    expect(faultOf(removeReference)).toBe("NODE_MISSING");
    expect(faultOf(swap)).toBe("STATE_CORRUPT");
    expect(faultOf(remove, 9n)).toBe("STATE_CORRUPT");
    expect(faultOf(age, 9n)).toBe("NODE_HASH_WRONG");
  });
});
