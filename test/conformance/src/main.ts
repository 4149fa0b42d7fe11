import { parseArgs } from "node:util";
import { vectorsFolder } from "./vectors.ts";

const suites: Record<string, (options: SuiteOptions) => Promise<boolean>> = {
  "state-tests": async (options) => (await import("./state-tests/suite.ts")).runStateTests(options),
};

/** What every suite is given. */
interface SuiteOptions {
  readonly vectors: string;
  /** Where the report goes as JSON. */
  readonly json: string | undefined;
  /** Part of a name: other cases are left out. */
  readonly only: string | undefined;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, only: { type: "string" }, help: { type: "boolean", short: "h" } },
});
const name = positionals[0];
if (values.help || name === undefined || positionals.length > 1 || !(name in suites)) {
  process.stderr.write(
    `usage: npm run conformance -- SUITE [--json FILE] [--only NAME]\n  SUITE: ${Object.keys(suites).join(", ")}\n`,
  );
  process.exitCode = values.help ? 0 : 2;
} else {
  const vectors = vectorsFolder(process.env.KOINON_VECTORS);
  const suite = suites[name] as (options: SuiteOptions) => Promise<boolean>;
  const passed = await suite({ vectors, json: values.json, only: values.only });
  process.exitCode = passed ? 0 : 1;
}
