import { parseArgs } from "node:util";
import { printReport } from "./report/print.ts";
import type { Row } from "./report/row.ts";

const benches: Record<string, () => Promise<Row[]>> = {
  chain: async () => (await import("./chain/chain-bench.ts")).benchChain(chainOptions()),
  inference: async () => (await import("./inference/inference-bench.ts")).benchInference(),
  receipts: async () => (await import("./receipts/receipts-bench.ts")).benchReceipts(),
  start: async () => (await import("./start-bench.ts")).benchStart(),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    accounts: { type: "string", default: "1000000" },
    case: { type: "string", multiple: true },
    help: { type: "boolean", short: "h" },
  },
});
const chainOptions = () => ({ accounts: Number(values.accounts), cases: values.case });
const unknown = positionals.filter((name) => !(name in benches));
if (values.help || positionals.length === 0 || unknown.length > 0) {
  process.stderr.write(
    `usage: npm run bench -- NAME… [--json FILE]\n  NAME: ${Object.keys(benches).join(", ")}\n  chain: [--accounts N] [--case transfers|erc20|swap|interpreter]…\n`,
  );
  process.exitCode = values.help ? 0 : 2;
} else {
  const rows: Row[] = [];
  for (const name of positionals) rows.push(...(await (benches[name] as () => Promise<Row[]>)()));
  printReport(rows, values.json);
}
