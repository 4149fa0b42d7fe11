import { parseArgs } from "node:util";
import { runEthereumjs } from "./throughput/ethereumjs-chain.ts";
import { keyedAccounts, signLoad, type WorkloadName } from "./throughput/workloads.ts";

// One workload on @ethereumjs/vm inside this process, beside `throughput.ts`. Prints JSON.
const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "1000000" },
    case: { type: "string", multiple: true, default: ["transfers"] },
    transactions: { type: "string", multiple: true, default: ["2000"] },
  },
});
const size = { accounts: Number(values.accounts), keyed: keyedAccounts };
const loads = values.case.map((name, index) => {
  const count = Number(values.transactions[index] ?? values.transactions[0]);
  return { name, load: signLoad(name as WorkloadName, 0, count, size) };
});
for await (const figures of runEthereumjs(size, loads)) process.stdout.write(`${JSON.stringify(figures)}\n`);
