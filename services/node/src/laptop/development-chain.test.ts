import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, expect, test } from "@jest/globals";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { openDataFolder } from "./data-folder.ts";
import { developmentAnchoring, developmentChain, ensureDevelopmentChain } from "./development-chain.ts";

const dependencies = { clock: systemClock, random: systemRandom };
const folders: Awaited<ReturnType<typeof temporaryFolder>>[] = [];
const newFolder = async () => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return openDataFolder(folder.path);
};
afterEach(async () => {
  for (const { remove } of folders.splice(0)) await remove();
});

test("the development chain is made once, and each folder's keys own its own chain's coin", async () => {
  const [folder, other] = [await newFolder(), await newFolder()];
  const first = ensureDevelopmentChain(folder, dependencies);
  const text = readFileSync(first.genesisFile, "utf8");
  const later = { ...dependencies, clock: { now: () => systemClock.now() + 5_000 } };
  expect(ensureDevelopmentChain(folder, later)).toEqual(first);
  expect(readFileSync(first.genesisFile, "utf8")).toBe(text);
  expect(ensureDevelopmentChain(other, dependencies).devKey).not.toBe(first.devKey);

  const { config, header, alloc } = parseGenesis(text);
  expect(config.chainId).toBe(31_337n);
  expect(config.forks.forkAt(header.timestamp)).toBe("osaka");
  expect(bytesToHex(header.extraData)).toBe(developmentChain.extraData);
  const owners = [first.devKey, first.anchor?.key ?? "0x"].map((key) => createSigner(hexToBytes(key)).address);
  expect([...alloc].filter(([, { balance }]) => balance > 0n).map(([address]) => address)).toEqual(owners);
  for (const file of [developmentChain.keyFile, developmentChain.anchorKeyFile])
    expect(statSync(`${folder.root}/${file}`).mode & 0o777).toBe(0o600);
});

test("readers are told of its checkpoint registry, once it is there, and of no block", async () => {
  const folder = await newFolder();
  expect(developmentAnchoring(folder).chains).toEqual([]);
  ensureDevelopmentChain(folder, dependencies);
  const chain = { chainId: 31_337n, registry: "0x4b4f494e4f4e0000000000000000000000000001", blocks: [] };
  expect(developmentAnchoring(folder)).toEqual({ chains: [chain], required: false });
});

test("a chain that began without a registry goes on without anchors", async () => {
  const folder = await newFolder();
  const { genesisFile } = ensureDevelopmentChain(folder, dependencies);
  const genesis = JSON.parse(readFileSync(genesisFile, "utf8")) as { alloc: Record<string, unknown> };
  const alloc = Object.fromEntries(
    Object.entries(genesis.alloc).filter(([address]) => address !== developmentChain.registry),
  );
  writeFileSync(genesisFile, JSON.stringify({ ...genesis, alloc }));
  rmSync(`${folder.root}/${developmentChain.anchorKeyFile}`);
  expect(ensureDevelopmentChain(folder, dependencies).anchor).toBeUndefined();
  expect(developmentAnchoring(folder).chains).toEqual([]);
  expect(() => statSync(`${folder.root}/${developmentChain.anchorKeyFile}`)).toThrow();
});
