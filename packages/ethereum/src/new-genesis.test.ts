import { expect, test } from "@jest/globals";
import { parseGenesis } from "./genesis.ts";
import { newGenesisText } from "./new-genesis.ts";
import { systemContracts } from "./system-contracts.ts";

test("the genesis file of a new chain is read back: funds, every fork, the system contracts", () => {
  const rich = `0x${"ab".repeat(20)}` as const;
  const text = newGenesisText({
    chainId: 4_711n,
    gasLimit: 60_000_000n,
    timestamp: 1_800_000_000n,
    balances: new Map([[rich, 10n ** 24n]]),
    extraText: "a chain",
    prevRandao: `0x${"5a".repeat(32)}`,
  });
  const { config, alloc, header } = parseGenesis(text);
  expect(config.chainId).toBe(4_711n);
  expect(config.forks.forkAt(1_800_000_000n)).toBe("osaka");
  expect(header).toMatchObject({ gasLimit: 60_000_000n, timestamp: 1_800_000_000n, baseFeePerGas: 1_000_000_000n });
  expect(header.prevRandao).toBe(`0x${"5a".repeat(32)}`);
  expect(Buffer.from(header.extraData).toString()).toBe("a chain");
  expect(alloc.get(rich)?.balance).toBe(10n ** 24n);
  expect([...alloc.keys()].sort()).toEqual([...Object.keys(systemContracts), rich].sort());
  for (const address of Object.keys(systemContracts)) {
    expect(alloc.get(address as typeof rich)).toMatchObject({ nonce: 1n, balance: 0n });
  }
});
