import { describe, expect, test } from "@jest/globals";
import { blockHash, decodeHeader, encodeHeader } from "./block-header.ts";
import { EthereumError } from "./fault.ts";
import { genesisHeader, parseGenesis } from "./genesis.ts";
import { emptyRequestsHash } from "./requests.ts";

const config = {
  chainId: 16601,
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
  mergeNetsplitBlock: 0,
  terminalTotalDifficulty: 0,
  terminalTotalDifficultyPassed: true,
  shanghaiTime: 0,
  cancunTime: 0,
  pragueTime: 0,
  osakaTime: 0,
  blobSchedule: {
    cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
    prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
    osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
    bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8346193 },
  },
};

const alloc = {
  f39Fd6e51aad88F6F4ce6aB8827279cffFb92266: { balance: "0xd3c21bcecceda1000000", nonce: "0x1" },
  "0x00000000000000000000000000000000000000AA": {
    balance: "1",
    code: "0x60016000",
    storage: {
      "0x01": "0x02",
      "03": "0x",
      "0x0000000000000000000000000000000000000000000000000000000000000004": "00ff",
    },
  },
  "0x00000000000000000000000000000000000000bb": { balance: 5 },
};

const file = {
  config,
  nonce: "0x42",
  timestamp: "1700000000",
  extraData: "0x6b6f696e6f6e",
  gasLimit: "0x1c9c380",
  difficulty: "0x0",
  mixhash: "0x00000000000000000000000000000000000000000000000000000000000000ff",
  coinbase: "0x00000000000000000000000000000000000000cB",
  baseFeePerGas: "7",
  alloc,
};

describe("a genesis file", () => {
  const genesis = parseGenesis(JSON.stringify(file));

  test("gives the accounts", () => {
    expect(genesis.alloc).toEqual(
      new Map([
        [
          "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
          { nonce: 1n, balance: 10n ** 24n, code: new Uint8Array(0), storage: new Map() },
        ],
        [
          "0x00000000000000000000000000000000000000aa",
          {
            nonce: 0n,
            balance: 1n,
            code: Uint8Array.of(0x60, 1, 0x60, 0),
            storage: new Map([
              [1n, 2n],
              [4n, 255n],
            ]),
          },
        ],
        [
          "0x00000000000000000000000000000000000000bb",
          { nonce: 0n, balance: 5n, code: new Uint8Array(0), storage: new Map() },
        ],
      ]),
    );
  });

  // Roots and hashes are those of go-ethereum 1.16.8 (core.Genesis.ToBlock) for the same files.
  test("gives the block that geth makes of it", () => {
    const header = genesisHeader(genesis, "0x7ca19578e520b87dd3dbea09c1fc3ecab30284ac2e0452033e95c5d50cb6fad8");
    expect(blockHash(header)).toBe("0x10ded6e2664518a9c62365aefd9d504d5b3d98ac0f78e0991d9ac081f98de8bd");
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
    expect(header.requestsHash).toBe(emptyRequestsHash);
  });

  test("falls back to what geth falls back to, and leaves Prague's field out before Prague", () => {
    const { osakaTime: _osaka, ...cancunConfig } = config;
    const { nonce: _n, extraData: _e, baseFeePerGas: _b, coinbase: _c, mixhash: _m, ...rest } = file;
    const early = { ...rest, gasLimit: "0x0", config: { ...cancunConfig, pragueTime: 1_800_000_000 } };
    const header = genesisHeader(
      parseGenesis(JSON.stringify(early)),
      "0x7ca19578e520b87dd3dbea09c1fc3ecab30284ac2e0452033e95c5d50cb6fad8",
    );
    expect(header.requestsHash).toBeUndefined();
    expect(blockHash(header)).toBe("0xe8248064073bc48687d3b614d270dc88d078b870b330a3d880b18d3cbe320092");
  });

  test("says which rules hold when", () => {
    const later = { ...config, pragueTime: 1_700_000_100, osakaTime: 1_700_000_200, bpo1Time: 1_700_000_300 };
    const { forks, chainId } = parseGenesis(JSON.stringify({ ...file, config: later })).config;
    expect(chainId).toBe(16_601n);
    const at = (offset: bigint) => [forks.forkAt(1_700_000_000n + offset), forks.blobsAt(1_700_000_000n + offset).max];
    expect([at(0n), at(99n), at(100n), at(199n), at(200n), at(299n), at(300n)]).toEqual([
      ["cancun", 6],
      ["cancun", 6],
      ["prague", 9],
      ["prague", 9],
      ["osaka", 9],
      ["osaka", 9],
      ["osaka", 15],
    ]);
  });
});

describe("what is refused", () => {
  const withConfig = (changes: Record<string, unknown>) => ({ ...file, config: { ...config, ...changes } });
  const withAccount = (account: unknown) => ({
    ...file,
    alloc: { "0x00000000000000000000000000000000000000aa": account },
  });
  const aa = "alloc.0x00000000000000000000000000000000000000aa";
  const cases: [string, unknown, string, string][] = [
    ["not an object", [], "GENESIS_MALFORMED", ""],
    ["no config", { ...file, config: undefined }, "GENESIS_MALFORMED", "config"],
    ["no chain id", withConfig({ chainId: undefined }), "GENESIS_MALFORMED", "config.chainId"],
    ["a rule nobody knows", withConfig({ amsterdamTime: 5 }), "GENESIS_UNSUPPORTED", "config.amsterdamTime"],
    ["proof of authority", withConfig({ clique: { period: 5 } }), "GENESIS_UNSUPPORTED", "config.clique"],
    ["a late London", withConfig({ londonBlock: 5 }), "GENESIS_UNSUPPORTED", "config.londonBlock"],
    ["no London", withConfig({ londonBlock: undefined }), "GENESIS_UNSUPPORTED", "config.londonBlock"],
    [
      "proof of work",
      withConfig({ terminalTotalDifficulty: 1 }),
      "GENESIS_UNSUPPORTED",
      "config.terminalTotalDifficulty",
    ],
    [
      "no merge",
      withConfig({ terminalTotalDifficulty: undefined }),
      "GENESIS_UNSUPPORTED",
      "config.terminalTotalDifficulty",
    ],
    ["a late Cancun", withConfig({ cancunTime: 1_700_000_001 }), "GENESIS_UNSUPPORTED", "config.cancunTime"],
    ["Shanghai after Cancun", withConfig({ shanghaiTime: 5 }), "GENESIS_MALFORMED", "config.shanghaiTime"],
    ["Osaka without Prague", withConfig({ pragueTime: undefined }), "GENESIS_UNSUPPORTED", "config.osakaTime"],
    ["Osaka before Prague", withConfig({ pragueTime: 9 }), "GENESIS_MALFORMED", "config.osakaTime"],
    ["no blob schedule", withConfig({ blobSchedule: undefined }), "GENESIS_MALFORMED", "config.blobSchedule.cancun"],
    ["blobs of a fork missing", withConfig({ bpo2Time: 9 }), "GENESIS_MALFORMED", "config.blobSchedule.bpo2"],
    ["a number that is not exact", withAccount({ balance: 1e21 }), "GENESIS_MALFORMED", `${aa}.balance`],
    ["a balance of 257 bits", withAccount({ balance: `0x1${"00".repeat(32)}` }), "GENESIS_MALFORMED", `${aa}.balance`],
    ["no balance", withAccount({}), "GENESIS_MALFORMED", `${aa}.balance`],
    ["code that is not hex", withAccount({ balance: 1, code: "0x1" }), "GENESIS_MALFORMED", `${aa}.code`],
    [
      "a slot too long",
      withAccount({ balance: 1, storage: { [`0x${"11".repeat(33)}`]: "0x01" } }),
      "GENESIS_MALFORMED",
      `${aa}.storage.0x${"11".repeat(33)}`,
    ],
    ["a short address", { ...file, alloc: { "0xaa": { balance: 1 } } }, "GENESIS_MALFORMED", "alloc.0xaa"],
    [
      "an address twice",
      { ...file, alloc: { [`0x${"aa".repeat(20)}`]: { balance: 1 }, ["AA".repeat(20)]: { balance: 1 } } },
      "GENESIS_MALFORMED",
      `alloc.${"AA".repeat(20)}`,
    ],
    ["extra data too long", { ...file, extraData: `0x${"00".repeat(33)}` }, "GENESIS_MALFORMED", "extraData"],
    ["a later start", { ...file, number: 5 }, "GENESIS_UNSUPPORTED", "number"],
    ["no gas limit", { ...file, gasLimit: undefined }, "GENESIS_MALFORMED", "gasLimit"],
  ];

  test.each(cases)("%s", (_name, content, code, path) => {
    const parse = () => parseGenesis(JSON.stringify(content));
    expect(parse).toThrow(EthereumError);
    expect(parse).toThrow(expect.objectContaining({ fault: expect.objectContaining({ code, path }) }));
  });

  test("text that is not JSON", () => {
    expect(() => parseGenesis("{")).toThrow(expect.objectContaining({ code: "GENESIS_MALFORMED" }));
  });
});
