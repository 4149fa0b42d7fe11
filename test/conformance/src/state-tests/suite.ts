import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Fork } from "@koinon/ethereum/fork";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { Evm } from "@koinon/evm/evm";
import { precompiles } from "@koinon/precompiles/precompiles";
import { type ArchiveFile, archiveFiles } from "../archive.ts";
import type { FixtureFile } from "./fixture.ts";
import { Report } from "./report.ts";
import { runCase } from "./run-case.ts";

const archiveName = "ethereum-tests.tar.gz";
const folder = "GeneralStateTests/";

/** The tests' names of the forks that this engine has. */
const forks: Readonly<Record<string, Fork>> = { Cancun: "cancun", Prague: "prague", Osaka: "osaka" };

/**
 * What this engine can not do: inside of the machine gas is a number, exact up to 2^53, and what a transaction has beyond is set
 * aside. In these two the outcome depends on all of 2^63, which is more than a block may have gas.
 */
const beyondExactGas = /static_LoopCallsDepthThenRevert[23]\.json/;

/** Runs the public state tests; true when none failed. */
export async function runStateTests(options: {
  readonly vectors: string;
  readonly json: string | undefined;
  readonly only: string | undefined;
}): Promise<boolean> {
  const archive = path.join(options.vectors, archiveName);
  const report = new Report();
  if (existsSync(archive)) {
    const evm = new Evm({ chainId: 1n, codeCacheBytes: 4 << 20, hashSecret: 1n }, { precompiles, recoverAuthority });
    for (const file of archiveFiles(readFileSync(archive))) {
      if (file.path.startsWith(folder) && file.path.endsWith(".json")) runFile(evm, file, report, options.only);
    }
  } else {
    report.skip("all", `${archive} is not there (KOINON_VECTORS names its folder)`, 1);
  }
  process.stdout.write(report.toText());
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report.toJson(), undefined, 2)}\n`);
  return report.total.failed === 0;
}

function runFile(evm: Evm, file: ArchiveFile, report: Report, only: string | undefined): void {
  const category = path.dirname(file.path.slice(folder.length));
  const fixtures = JSON.parse(new TextDecoder().decode(file.bytes)) as FixtureFile;
  for (const [name, fixture] of Object.entries(fixtures)) {
    for (const [forkName, variants] of Object.entries(fixture.post)) {
      const fork = forks[forkName];
      if (fork === undefined) {
        report.skip(category, `fork ${forkName} is older than the engine`, variants.length);
        continue;
      }
      if (beyondExactGas.test(file.path)) {
        report.skip(category, "depends on more than 2^53 gas, which no block has", variants.length);
        continue;
      }
      for (const variant of variants) {
        const { data, gas, value } = variant.indexes;
        const title = `${file.path}/${name}/${forkName}/d${data}g${gas}v${value}`;
        if (only !== undefined && !title.includes(only)) continue;
        const verdict = attempt(() => runCase(evm, fork, fixture, variant));
        if (verdict === undefined) report.pass(category);
        else report.fail(category, title, verdict);
      }
    }
  }
}

function attempt(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
