import { describe, expect, test } from "@jest/globals";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { precompiles } from "@koinon/precompiles/precompiles";
import { type ChainStart, forkConfigs, forkHash } from "../../src/jsonrpc/fork-config.ts";
import { depositContract } from "../chain/test-genesis.ts";
import { scheduledGenesis, scheduleStart } from "./scheduled-genesis.ts";

const { config } = parseGenesis(scheduledGenesis());
const begin = { hash: `0x${"12".repeat(32)}`, timestamp: scheduleStart } satisfies ChainStart;
const blobs = (max: number, target: number, baseFeeUpdateFraction: number) => ({ baseFeeUpdateFraction, max, target });

describe("eth_config", () => {
  test("says what holds, what is next and what is last", () => {
    const at = (after: bigint) => forkConfigs(config, begin, scheduleStart + after);
    const summary = (after: bigint) => {
      const { current, next, last } = at(after);
      return [current, next, last].map((each) => each && [each.activationTime, each.blobSchedule]);
    };
    const start = Number(scheduleStart);
    const cancun = [0, blobs(6, 3, 3_338_477)];
    const prague = [start + 1_000, blobs(9, 6, 5_007_716)];
    const osaka = [start + 2_000, blobs(9, 6, 5_007_716)];
    const bpo1 = [start + 3_000, blobs(15, 10, 8_346_193)];
    expect(summary(0n)).toEqual([cancun, prague, bpo1]);
    expect(summary(999n)).toEqual([cancun, prague, bpo1]);
    expect(summary(1_000n)).toEqual([prague, osaka, bpo1]);
    expect(summary(2_500n)).toEqual([osaka, bpo1, bpo1]);
    expect(summary(3_000n)).toEqual([bpo1, null, null]);
  });

  test("names every precompiled and every system contract of its fork", () => {
    const { current, next, last } = forkConfigs(config, begin, scheduleStart);
    expect(Object.values(current.precompiles).sort()).toEqual([...precompiles("cancun").keys()].sort());
    expect(Object.values(next?.precompiles ?? {}).sort()).toEqual([...precompiles("prague").keys()].sort());
    expect(Object.values(last?.precompiles ?? {}).sort()).toEqual([...precompiles("osaka").keys()].sort());
    for (const { precompiles: named } of [current, next, last].flatMap((each) => each ?? [])) {
      for (const name of Object.keys(named)) expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
    }
    expect(last?.precompiles).toMatchObject({ P256VERIFY: `0x${"100".padStart(40, "0")}` });
    expect(Object.keys(current.systemContracts)).toEqual(["BEACON_ROOTS_ADDRESS"]);
    expect(next?.systemContracts).toMatchObject({ DEPOSIT_CONTRACT_ADDRESS: depositContract });
    expect(next?.chainId).toBe("0x7a69");
  });

  // Hoodi's, as go-ethereum 1.16.8 has them (core/forkid).
  test("has the fork hashes that are published", () => {
    const genesis = {
      hash: "0xbbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b",
      timestamp: 1_742_212_800n,
    } satisfies ChainStart;
    const times = { start: genesis.timestamp, pragueTime: 1_742_999_832n };
    const { forks } = parseGenesis(
      scheduledGenesis({ ...times, osakaTime: 1_761_677_592n, bpo1Time: 1_762_365_720n }),
    ).config;
    expect(forkHash(forks, genesis, genesis.timestamp)).toBe("0xbef71d30");
    expect(forkHash(forks, genesis, 1_742_999_831n)).toBe("0xbef71d30");
    expect(forkHash(forks, genesis, 1_742_999_832n)).toBe("0x0929e24e");
    expect(forkHash(forks, genesis, 1_761_677_592n)).toBe("0xe7e0e7ff");
    expect(forkHash(forks, genesis, 1_762_365_720n)).toBe("0x3893353e");
  });
});
