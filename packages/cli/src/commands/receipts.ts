import { parseArgs } from "node:util";
import type { ReceiptSummary } from "@koinon/sdk/answers";
import { everyItem, type KoinonClient } from "@koinon/sdk/client";
import { type Command, type Terminal, UsageError } from "../command.ts";
import { connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { amountInWords, tableInWords, timeInWords } from "../words.ts";

const limitDefault = 20;
const limitMax = 10_000;
const pageSizeMax = 100;

/** `koinon receipts`: the newest requests. */
export const receiptsCommand: Command = {
  usage: "koinon receipts [--limit N] [--key KEY] [--url URL | --data DIR] [--json]",
  help: `Lists requests, newest first: of the key given, or of every key with the data folder's administrator. 'koinon trace' tells more of one.

  --limit N    how many at most (default ${limitDefault})
${connectionHelp}
  --json       print them as JSON

Exit code: 0 done, 1 refused, 2 the network can not be reached.`,
  async run(args: readonly string[], terminal: Terminal): Promise<number> {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...connectionOptions,
        limit: { type: "string", default: String(limitDefault) },
        json: { type: "boolean", default: false },
      },
    });
    const limit = Number(values.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
      throw new UsageError(`--limit is a number from 1 to ${limitMax}`);
    const { url, client, isAdministrator } = await connect(values, terminal);
    const receipts = await inWords(url, () =>
      readNewest(client, { limit, all: isAdministrator, signal: terminal.interrupted() }),
    );
    if (values.json) terminal.out(JSON.stringify(receipts));
    else for (const line of receiptTable(receipts)) terminal.out(line);
    return 0;
  },
};

async function readNewest(
  client: KoinonClient,
  { limit, all, signal }: { limit: number; all: boolean; signal: AbortSignal },
): Promise<ReceiptSummary[]> {
  const receipts: ReceiptSummary[] = [];
  const pageSize = Math.min(limit, pageSizeMax);
  for await (const receipt of everyItem((pageToken) =>
    client.receipts({ pageToken, pageSize, signal, ...(all ? { all } : {}) }),
  )) {
    receipts.push(receipt);
    if (receipts.length === limit) break;
  }
  return receipts;
}

function receiptTable(receipts: readonly ReceiptSummary[]): string[] {
  if (receipts.length === 0) return ["there are no requests yet"];
  const rows = receipts.map((receipt) => [
    timeInWords(receipt.reserved_at),
    receipt.request_id,
    receipt.model,
    receipt.provider_name,
    receipt.state === "settled" ? (receipt.outcome ?? receipt.state) : receipt.state,
    receipt.fee === null ? "" : amountInWords(receipt.fee),
    receipt.log_index === null ? "" : String(receipt.log_index),
  ]);
  return tableInWords(["time", "request", "model", "provider", "state", "fee", "log entry"], rows, [5, 6]);
}
