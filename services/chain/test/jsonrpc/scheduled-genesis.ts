import { testGenesis } from "../chain/test-genesis.ts";

/** When the chain begins that is made without a choice. */
export const scheduleStart = 0x6500_0000n;

/** A genesis under Cancun's rules with forks ahead: Prague, Osaka and a change of blobs, a thousand seconds after each other. */
export function scheduledGenesis(
  choice: { readonly start?: bigint } & Partial<Record<"pragueTime" | "osakaTime" | "bpo1Time", bigint>> = {},
): string {
  const { start = scheduleStart, pragueTime = start + 1_000n, osakaTime = start + 2_000n } = choice;
  const genesis = JSON.parse(testGenesis()) as { config: { blobSchedule: object }; timestamp: string };
  const times = { pragueTime, osakaTime, bpo1Time: choice.bpo1Time ?? start + 3_000n };
  return JSON.stringify({
    ...genesis,
    timestamp: `0x${start.toString(16)}`,
    config: {
      ...genesis.config,
      ...Object.fromEntries(Object.entries(times).map(([name, time]) => [name, Number(time)])),
      blobSchedule: {
        ...genesis.config.blobSchedule,
        bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8_346_193 },
      },
    },
  });
}
