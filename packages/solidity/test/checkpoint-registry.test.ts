import { describe, expect, test } from "@jest/globals";
import { zeroAddress } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { encodeFunctionData, keccak256, toBytes } from "viem";
import { CheckpointRegistry, registryTransactions } from "../src/checkpoint-registry.ts";
import { RegistryError } from "../src/fault.ts";
import {
  checkpointRegistryAbi as abi,
  checkpointRegistryBytecode as bytecode,
  checkpointRegistryDeployedBytecode as deployedBytecode,
} from "../src/gen/checkpoint-registry.ts";
import { checkpointSlots, logSlot, readCheckpoint, readLog, submitterSlot } from "../src/registry-storage.ts";
import { alice, bob, carol, type Sender, senders } from "./chain.ts";
import { type Deployed, TwinChain } from "./twin-chain.ts";

const origin = "koinon.local/log/0011223344556677";
const id = keccak256(toBytes(origin));
const root = (seed: number): Hex => `0x${seed.toString(16).padStart(2, "0").repeat(32)}`;

async function deploy(): Promise<{ chain: TwinChain; contract: Deployed; registry: CheckpointRegistry }> {
  const chain = new TwinChain();
  const contract = await chain.deploy(abi, bytecode);
  const call = async ({ to, data }: { to: Hex; data: Hex }): Promise<Hex> =>
    (await chain.send({ from: carol, to, data })).output;
  return { chain, contract, registry: new CheckpointRegistry({ address: contract.address }, { call }) };
}

test("the artifact's code after deployment is what a creation leaves, so that a genesis may hold it", async () => {
  expect((await new TwinChain().send({ from: alice, data: bytecode })).output).toBe(deployedBytecode);
});

describe("an origin", () => {
  test("belongs to who registers it first, until it is handed on", async () => {
    const { contract, registry } = await deploy();
    expect(await registry.owner(origin)).toBeUndefined();
    expect(await contract.send(alice, "register", [origin])).toMatchObject({
      result: id,
      events: [{ name: "OriginRegistered", args: { originId: id, origin } }],
    });
    expect(await registry.owner(origin)).toBe(alice.address);
    expect(await contract.revert(bob, "register", [origin])).toMatchObject({ name: "OriginTaken" });
    expect(await contract.revert(alice, "register", [origin])).toMatchObject({ name: "OriginTaken" });
    expect(await contract.revert(bob, "transfer", [id, bob.address])).toMatchObject({ name: "NotAuthorised" });
    expect(await contract.revert(alice, "transfer", [id, zeroAddress])).toEqual({ name: "OwnerZero", args: [id] });
    await contract.send(alice, "transfer", [id, bob.address]);
    expect(await registry.owner(origin)).toBe(bob.address);
    expect(await contract.revert(alice, "anchor", [id, 1n, root(1), 0n])).toMatchObject({ name: "NotAuthorised" });
    await contract.send(bob, "anchor", [id, 1n, root(1), 0n]);
  });

  test("needs a name, and an owner before anything else", async () => {
    const { contract } = await deploy();
    expect(await contract.revert(alice, "register", [""])).toEqual({ name: "OriginEmpty", args: [] });
    for (const [name, args] of [
      ["anchor", [id, 1n, root(1), 0n]],
      ["transfer", [id, bob.address]],
      ["setSubmitter", [id, bob.address, true]],
    ] as const) {
      expect(await contract.revert(alice, name, args)).toEqual({ name: "OriginUnknown", args: [id] });
    }
  });
});

describe("anchoring", () => {
  test("sizes grow, a size has one root, and the latest may be repeated", async () => {
    const { contract, registry } = await deploy();
    await contract.send(alice, "register", [origin]);
    expect(await registry.latest(origin)).toBeUndefined();
    expect(await contract.revert(alice, "anchor", [id, 0n, root(0), 0n])).toEqual({ name: "SizeZero", args: [id] });

    const first = await contract.send(alice, "anchor", [id, 5n, root(5), 1n]);
    expect(first).toMatchObject({
      result: true,
      events: [{ name: "CheckpointAnchored", args: { size: 5n, root: root(5), epoch: 1n } }],
    });
    expect(await contract.send(alice, "anchor", [id, 5n, root(5), 1n])).toMatchObject({ result: false, events: [] });
    expect(await contract.revert(alice, "anchor", [id, 5n, root(6), 1n])).toEqual({
      ...{ name: "RootConflict", args: [id, 5n, root(5), root(6)] },
    });
    expect(await contract.revert(alice, "anchor", [id, 4n, root(4), 1n])).toEqual({
      ...{ name: "SizeDecreased", args: [id, 5n, 4n] },
    });
    expect(await contract.revert(alice, "anchor", [id, 6n, root(6), 0n])).toEqual({
      ...{ name: "EpochDecreased", args: [id, 1n, 0n] },
    });

    const largest = 2n ** 64n - 1n;
    await contract.send(alice, "anchor", [id, largest, root(7), largest]);
    const submitter = alice.address;
    expect(await registry.latest(origin)).toEqual({ size: largest, root: root(7), epoch: largest, submitter });
    expect(await registry.at(origin, 5n)).toEqual({ size: 5n, root: root(5), epoch: 1n, submitter });
    expect(await registry.at(origin, 6n)).toBeUndefined();
    expect(await registry.latest(`${origin}/other`)).toBeUndefined();
  });

  test("is for the owner and those it authorises, as long as it does", async () => {
    const { contract, registry } = await deploy();
    await contract.send(alice, "register", [origin]);
    expect(await contract.revert(bob, "setSubmitter", [id, bob.address, true])).toMatchObject({
      name: "NotAuthorised",
    });
    expect(await contract.revert(bob, "anchor", [id, 1n, root(1), 0n])).toMatchObject({ name: "NotAuthorised" });
    expect(await contract.send(alice, "setSubmitter", [id, bob.address, true])).toMatchObject({
      events: [{ name: "SubmitterSet", args: { originId: id, authorised: true } }],
    });
    await contract.send(bob, "anchor", [id, 1n, root(1), 0n]);
    expect(await registry.latest(origin)).toMatchObject({ size: 1n, submitter: bob.address });
    await contract.send(alice, "setSubmitter", [id, bob.address, false]);
    expect(await contract.revert(bob, "anchor", [id, 2n, root(2), 0n])).toMatchObject({ name: "NotAuthorised" });
    // Authorised for one origin is not authorised for another.
    await contract.send(carol, "register", ["another"]);
    await contract.send(alice, "setSubmitter", [id, bob.address, true]);
    expect(await contract.revert(bob, "anchor", [keccak256(toBytes("another")), 1n, root(1), 0n])).toMatchObject({
      name: "NotAuthorised",
    });
  });

  test("any sequence of calls: what a plain model of the rules allows, no less and no more", async () => {
    const steps = fc.record({
      ...{ by: fc.nat(2), size: fc.bigInt({ min: 0n, max: 6n }), root: fc.integer({ min: 1, max: 2 }) },
      epoch: fc.bigInt({ min: 0n, max: 2n }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 12 }), async (sequence) => {
        const { contract, registry } = await deploy();
        await contract.send(alice, "register", [origin]);
        await contract.send(alice, "setSubmitter", [id, bob.address, true]);
        let latest = { size: 0n, root: root(0), epoch: 0n };
        for (const step of sequence) {
          const sender = senders[step.by] as Sender;
          const args = [id, step.size, root(step.root), step.epoch];
          const repeats = step.size === latest.size && root(step.root) === latest.root;
          const grows = step.size > latest.size && step.epoch >= latest.epoch;
          if (sender !== carol && step.size > 0n && (repeats || grows)) {
            expect((await contract.send(sender, "anchor", args)).result).toBe(grows);
            if (grows) latest = { size: step.size, root: root(step.root), epoch: step.epoch };
          } else {
            await contract.revert(sender, "anchor", args);
          }
          const expected = latest.size === 0n ? undefined : latest;
          if (expected === undefined) expect(await registry.latest(origin)).toBeUndefined();
          else expect(await registry.latest(origin)).toMatchObject(expected);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("storage slots", () => {
  test("hold what the registry says", async () => {
    const { chain, contract } = await deploy();
    await contract.send(alice, "register", [origin]);
    await contract.send(alice, "setSubmitter", [id, bob.address, true]);
    await contract.send(bob, "anchor", [id, 9n, root(9), 4n]);
    await contract.send(alice, "anchor", [id, 2n ** 64n - 1n, root(8), 2n ** 64n - 1n]);
    const words = async (size: bigint): Promise<[bigint, bigint, bigint]> => {
      const slots = checkpointSlots(origin, size);
      const { address } = contract;
      return [size, await chain.storage(address, slots.root), await chain.storage(address, slots.submission)];
    };
    expect(readCheckpoint(...(await words(9n)))).toEqual({
      ...{ size: 9n, root: root(9), epoch: 4n, submitter: bob.address },
    });
    expect(readCheckpoint(...(await words(2n ** 64n - 1n)))).toEqual({
      ...{ size: 2n ** 64n - 1n, root: root(8), epoch: 2n ** 64n - 1n, submitter: alice.address },
    });
    expect(readCheckpoint(...(await words(10n)))).toBeUndefined();
    expect(readLog(await chain.storage(contract.address, logSlot(origin)))).toEqual({
      ...{ owner: alice.address, size: 2n ** 64n - 1n },
    });
    expect(readLog(await chain.storage(contract.address, logSlot("another")))).toBeUndefined();
    expect(await chain.storage(contract.address, submitterSlot(origin, bob.address))).toBe(1n);
    expect(await chain.storage(contract.address, submitterSlot(origin, carol.address))).toBe(0n);
  });

  test("words that the registry does not write are refused", () => {
    for (const submission of [1n << 160n, 1n << 224n, (1n << 224n) + 5n]) {
      expect(() => readCheckpoint(1n, 1n, submission)).toThrow(RegistryError);
    }
    expect(() => readCheckpoint(1n, 1n, 0n)).toThrow(RegistryError);
    for (const word of [1n << 160n, 1n << 224n, (1n << 255n) + 5n]) expect(() => readLog(word)).toThrow(RegistryError);
  });
});

describe("client", () => {
  test("call data is that of viem", () => {
    const { address } = bob;
    for (const name of [origin, "x", "ö".repeat(40), "a".repeat(32), "b".repeat(33)]) {
      const originId = keccak256(toBytes(name));
      const encode = (functionName: string, args: readonly unknown[]): Hex =>
        encodeFunctionData({ abi, functionName, args } as never);
      expect(registryTransactions.register(name)).toBe(encode("register", [name]));
      expect(registryTransactions.transfer(name, address)).toBe(encode("transfer", [originId, address]));
      expect(registryTransactions.setSubmitter(name, address, true)).toBe(
        encode("setSubmitter", [originId, address, true]),
      );
      expect(registryTransactions.anchor(name, { size: 7n, root: root(3), epoch: 2n })).toBe(
        encode("anchor", [originId, 7n, root(3), 2n]),
      );
    }
  });

  test("numbers beyond 64 bits and nameless origins are refused before they are sent", () => {
    const checkpoint = { size: 1n, root: root(1), epoch: 1n };
    for (const value of [-1n, 2n ** 64n]) {
      expect(() => registryTransactions.anchor(origin, { ...checkpoint, size: value })).toThrow(RegistryError);
      expect(() => registryTransactions.anchor(origin, { ...checkpoint, epoch: value })).toThrow(RegistryError);
      expect(() => checkpointSlots(origin, value)).toThrow(RegistryError);
    }
    expect(() => registryTransactions.register("")).toThrow(RegistryError);
    expect(() => logSlot("")).toThrow(RegistryError);
  });

  test("replies of something else are refused, and the signal is passed on", async () => {
    const word = (digit: string): string => digit.repeat(64);
    const replies = [
      "0x",
      `0x${word("0")}`,
      `0x${word("f").repeat(4)}`,
      `0x${"00".repeat(127)}`,
      `0x${"zz".repeat(128)}`,
    ];
    const { signal } = new AbortController();
    const signals: unknown[] = [];
    for (const reply of replies as Hex[]) {
      const call = (_request: object, passed?: AbortSignal): Promise<Hex> => {
        signals.push(passed);
        return Promise.resolve(reply);
      };
      const registry = new CheckpointRegistry({ address: zeroAddress }, { call });
      await expect(registry.latest(origin, signal)).rejects.toBeInstanceOf(RegistryError);
    }
    expect(signals).toEqual(replies.map(() => signal));
    const allOnes: Hex = `0x${word("f")}`;
    const call = (): Promise<Hex> => Promise.resolve(allOnes);
    const registry = new CheckpointRegistry({ address: zeroAddress }, { call });
    await expect(registry.owner(origin)).rejects.toBeInstanceOf(RegistryError);
  });
});
