import { readFileSync, statSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { openDataFolder } from "./data-folder.ts";
import { developmentChain, ensureDevelopmentChain } from "./development-chain.ts";

test("the development chain is made once, and each folder's key owns its own chain's coin", async () => {
  const dependencies = { clock: systemClock, random: systemRandom };
  const folders = [await temporaryFolder(), await temporaryFolder()] as const;
  const [first, second] = folders.map(({ path }) => ensureDevelopmentChain(openDataFolder(path), dependencies));
  const text = readFileSync(first?.genesisFile as string, "utf8");
  const later = { ...dependencies, clock: { now: () => systemClock.now() + 5_000 } };
  expect(ensureDevelopmentChain(openDataFolder(folders[0].path), later)).toEqual(first);
  expect(readFileSync(first?.genesisFile as string, "utf8")).toBe(text);
  expect(second?.devKey).not.toBe(first?.devKey);

  const { config, header, alloc } = parseGenesis(text);
  expect(config.chainId).toBe(31_337n);
  expect(config.forks.forkAt(header.timestamp)).toBe("osaka");
  expect(bytesToHex(header.extraData)).toBe(developmentChain.extraData);
  const owner = createSigner(hexToBytes(first?.devKey as string)).address;
  expect([...alloc].filter(([, { balance }]) => balance > 0n).map(([address]) => address)).toEqual([owner]);
  expect(statSync(`${folders[0].path}/${developmentChain.keyFile}`).mode & 0o777).toBe(0o600);
  for (const { remove } of folders) await remove();
});
