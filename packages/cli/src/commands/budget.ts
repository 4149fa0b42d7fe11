import { parseArgs } from "node:util";
import type { Command, Terminal } from "../command.ts";
import { connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { amountInWords, tableInWords } from "../words.ts";

/** `koinon budget`: what a key may still spend. */
export const budgetCommand: Command = {
  usage: "koinon budget [--key KEY] [--url URL | --data DIR] [--json]",
  help: `Shows the budget of an API key in micro-credits.

${connectionHelp}
  --json       print the answer as JSON

Exit code: 0 done, 1 refused, 2 the network can not be reached.`,
  async run(args: readonly string[], terminal: Terminal): Promise<number> {
    const { values } = parseArgs({
      args: [...args],
      options: { ...connectionOptions, json: { type: "boolean", default: false } },
    });
    const { url, client } = await connect(values, terminal);
    const budget = await inWords(url, () => client.budget({ signal: terminal.interrupted() }));
    if (values.json) terminal.out(JSON.stringify(budget));
    else {
      const row = [budget.limit, budget.spent, budget.reserved, budget.available].map((amount) =>
        amountInWords(amount),
      );
      for (const line of tableInWords(["limit", "spent", "reserved", "available"], [row], [0, 1, 2, 3]))
        terminal.out(line);
    }
    return 0;
  },
};
