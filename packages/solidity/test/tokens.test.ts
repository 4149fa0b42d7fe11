import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { bytesToHex, parseSignature } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { testCollectibleAbi, testCollectibleBytecode } from "../src/gen/test-collectible.ts";
import { testPairAbi, testPairBytecode } from "../src/gen/test-pair.ts";
import { testTokenAbi, testTokenBytecode } from "../src/gen/test-token.ts";
import { testVaultAbi, testVaultBytecode } from "../src/gen/test-vault.ts";
import { alice, bob, carol, settings } from "./chain.ts";
import { type Deployed, TwinChain } from "./twin-chain.ts";

// What every transaction here shows beside what is asserted: both engines agree on gas, output and logs.

const token = (chain: TwinChain, name = "Token"): Promise<Deployed> =>
  chain.deploy(testTokenAbi, testTokenBytecode, [name, name.toUpperCase()]);

describe("ERC-20", () => {
  test("mint, transfer, approve, transferFrom", async () => {
    const contract = await token(new TwinChain());
    await contract.send(alice, "mint", [alice.address, 100n]);
    expect((await contract.send(alice, "transfer", [bob.address, 30n])).events).toMatchObject([
      { name: "Transfer", args: { value: 30n } },
    ]);
    expect(await contract.revert(alice, "transfer", [bob.address, 71n])).toMatchObject({
      name: "ERC20InsufficientBalance",
    });
    await contract.send(alice, "approve", [carol.address, 20n]);
    await contract.send(carol, "transferFrom", [alice.address, carol.address, 15n]);
    expect(await contract.revert(carol, "transferFrom", [alice.address, carol.address, 6n])).toMatchObject({
      name: "ERC20InsufficientAllowance",
    });
    const balances = [alice, bob, carol].map(
      async ({ address }) => (await contract.send(bob, "balanceOf", [address])).result,
    );
    expect(await Promise.all(balances)).toEqual([55n, 30n, 15n]);
    await contract.send(bob, "mintEach", [[alice.address, bob.address], 5n]);
    expect((await contract.send(bob, "totalSupply")).result).toBe(110n);
  });

  test("permit: an EIP-712 signature approves, once and in time", async () => {
    const contract = await token(new TwinChain());
    const deadline = settings.startTimestamp + 3_600n;
    const account = privateKeyToAccount(bytesToHex(alice.privateKey));
    const sign = async (value: bigint, until: bigint): Promise<readonly unknown[]> => {
      const { v, r, s } = parseSignature(
        await account.signTypedData({
          domain: {
            name: "Token",
            version: "1",
            chainId: Number(settings.chainId),
            verifyingContract: contract.address,
          },
          types: {
            Permit: ["owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"].map(
              (field) => {
                const [name, type] = field.split(" ") as [string, string];
                return { name, type };
              },
            ),
          },
          primaryType: "Permit",
          message: { owner: alice.address, spender: bob.address, value, nonce: 0n, deadline: until },
        }),
      );
      return [alice.address, bob.address, value, until, v, r, s];
    };
    const permit = await sign(9n, deadline);
    expect(await contract.revert(carol, "permit", permit.with(2, 10n))).toMatchObject({ name: "ERC2612InvalidSigner" });
    await contract.send(carol, "permit", permit);
    expect((await contract.send(bob, "allowance", [alice.address, bob.address])).result).toBe(9n);
    expect(await contract.revert(carol, "permit", permit)).toMatchObject({ name: "ERC2612InvalidSigner" });
    const late = await sign(9n, settings.startTimestamp);
    expect(await contract.revert(carol, "permit", late)).toMatchObject({ name: "ERC2612ExpiredSignature" });
  });
});

test("ERC-721: mint, transfer, approve, metadata; contracts must consent", async () => {
  const chain = new TwinChain();
  const contract = await chain.deploy(testCollectibleAbi, testCollectibleBytecode);
  expect((await contract.send(alice, "mint", [alice.address])).result).toBe(1n);
  expect((await contract.send(alice, "mint", [alice.address])).result).toBe(2n);
  expect(await contract.revert(bob, "transferFrom", [alice.address, bob.address, 1n])).toMatchObject({
    name: "ERC721InsufficientApproval",
  });
  await contract.send(alice, "approve", [bob.address, 1n]);
  await contract.send(bob, "safeTransferFrom", [alice.address, bob.address, 1n]);
  expect((await contract.send(carol, "ownerOf", [1n])).result).toMatch(new RegExp(bob.address, "i"));
  expect((await contract.send(carol, "tokenURI", [2n])).result).toBe('data:application/json,{"name":"2"}');
  expect(await contract.revert(alice, "mint", [contract.address])).toMatchObject({ name: "ERC721InvalidReceiver" });
});

test("ERC-4626: deposit, yield, redeem", async () => {
  const chain = new TwinChain();
  const asset = await token(chain);
  const vault = await chain.deploy(testVaultAbi, testVaultBytecode, [asset.address]);
  await asset.send(alice, "mint", [alice.address, 1_000n]);
  await asset.send(alice, "approve", [vault.address, 1_000n]);
  expect((await vault.send(alice, "deposit", [400n, alice.address])).result).toBe(400n);
  await asset.send(alice, "mint", [vault.address, 400n]);
  // Rounded down, in favour of the vault.
  expect((await vault.send(bob, "convertToAssets", [100n])).result).toBe(199n);
  expect((await vault.send(alice, "redeem", [100n, bob.address, alice.address])).result).toBe(199n);
  expect((await asset.send(bob, "balanceOf", [bob.address])).result).toBe(199n);
  expect(await vault.revert(alice, "redeem", [301n, bob.address, alice.address])).toMatchObject({
    name: "ERC4626ExceededMaxRedeem",
  });
});

describe("pair", () => {
  async function deployPair(): Promise<{ pair: Deployed; token0: Deployed; token1: Deployed }> {
    const chain = new TwinChain();
    const [first, second] = [await token(chain, "First"), await token(chain, "Second")];
    const pair = await chain.deploy(testPairAbi, testPairBytecode, [first.address, second.address]);
    const [token0, token1] = first.address < second.address ? [first, second] : [second, first];
    for (const each of [token0, token1]) {
      await each.send(alice, "mintEach", [[alice.address, bob.address], 10n ** 24n]);
      await each.send(bob, "approve", [pair.address, 2n ** 256n - 1n]);
    }
    return { pair, token0, token1 };
  }
  const reserves = async (pair: Deployed): Promise<readonly [bigint, bigint, number]> =>
    (await pair.send(carol, "getReserves")).result as [bigint, bigint, number];

  async function fund({ pair, token0, token1 }: Awaited<ReturnType<typeof deployPair>>, x: bigint, y: bigint) {
    await token0.send(alice, "transfer", [pair.address, x]);
    await token1.send(alice, "transfer", [pair.address, y]);
    return pair.send(alice, "mint", [alice.address]);
  }

  test("shares: the geometric mean at first, then in proportion; burning pays out the part", async () => {
    const all = await deployPair();
    const { pair, token0, token1 } = all;
    expect((await fund(all, 4_000_000n, 9_000_000n)).result).toBe(6_000_000n - 1_000n);
    expect((await fund(all, 400_000n, 900_000n)).result).toBe(600_000n);
    await pair.send(alice, "transfer", [pair.address, 600_000n]);
    expect((await pair.send(alice, "burn", [carol.address])).result).toEqual([400_000n, 900_000n]);
    expect((await token0.send(bob, "balanceOf", [carol.address])).result).toBe(400_000n);
    expect((await token1.send(bob, "balanceOf", [carol.address])).result).toBe(900_000n);
    expect((await reserves(pair)).slice(0, 2)).toEqual([4_000_000n, 9_000_000n]);
    expect(await pair.revert(alice, "mint", [alice.address])).toMatchObject({ name: "DepositTooSmall" });
    expect(await pair.revert(alice, "burn", [alice.address])).toMatchObject({ name: "NothingOut" });
  });

  test("a swap pays what the formula says, and not one more", async () => {
    const all = await deployPair();
    const { pair, token0 } = all;
    await fund(all, 5n * 10n ** 18n, 10n ** 19n);
    const out = 1_662_497_915_624_478_906n; // 997e15 * 1e19 / (5e18 * 1000 + 997e15) in units of 1e18, rounded down
    expect((await pair.send(bob, "quote", [10n ** 18n, 5n * 10n ** 18n, 10n ** 19n])).result).toBe(out);
    await token0.send(bob, "transfer", [pair.address, 10n ** 18n]);
    expect(await pair.revert(bob, "swap", [0n, out + 1n, bob.address])).toMatchObject({ name: "ProductLowered" });
    expect((await pair.send(bob, "swap", [0n, out, bob.address])).events.map(({ name }) => name)).toEqual([
      "ReservesChanged",
      "Swapped",
    ]);
    expect(await pair.revert(bob, "swap", [0n, 1n, bob.address])).toMatchObject({ name: "NothingIn" });
    expect(await pair.revert(bob, "swap", [0n, 0n, bob.address])).toMatchObject({ name: "NothingOut" });
    expect(await pair.revert(bob, "swap", [10n ** 19n, 0n, bob.address])).toMatchObject({ name: "ReserveExceeded" });
    expect(await pair.revert(bob, "swapExactInput", [true, 1_000n, 10n ** 18n, bob.address])).toMatchObject({
      name: "OutputBelow",
    });
    expect((await pair.send(carol, "price0Accumulator")).result).toBeGreaterThan(0n);
  });

  test("whatever is traded, the product of the reserves never falls", async () => {
    const trades = fc.array(fc.tuple(fc.boolean(), fc.bigInt({ min: 1_000n, max: 10n ** 21n })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(trades, async (sequence) => {
        const all = await deployPair();
        await fund(all, 3n * 10n ** 21n, 10n ** 21n);
        let product = 3n * 10n ** 42n;
        for (const [zeroForOne, amount] of sequence) {
          await all.pair.send(bob, "swapExactInput", [zeroForOne, amount, 0n, bob.address]);
          const [x, y] = await reserves(all.pair);
          expect(x * y).toBeGreaterThanOrEqual(product);
          product = x * y;
        }
      }),
      { numRuns: 4 },
    );
  });
});
