import { parseArgs } from "node:util";
import { parseBundle } from "@koinon/receipts/bundle";
import { verifyBundle } from "@koinon/receipts/verify";
import type { ReceiptSummary } from "@koinon/sdk/answers";
import type { KoinonClient } from "@koinon/sdk/client";
import { ApiError } from "@koinon/sdk/fault";
import { type Command, InputError, type Terminal, UsageError } from "../command.ts";
import { connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { readTrust, type TrustOptions } from "../connection/files.ts";
import { type Proof, storyOf } from "../trace/story.ts";
import { verificationJson } from "../verify/verification-report.ts";

/** `koinon trace`: the story of one request. */
export const traceCommand: Command = {
  usage: "koinon trace ID [--url URL | --data DIR] [--trust FILE] [--json]",
  help: `Tells what happened to a request: who was asked, who answered, what it cost and why, where its receipt is in the log, and whether its
proof holds.

  ID           the request id (x-request-id, req_…) or the receipt id (0x…)
${connectionHelp}
  --trust FILE the trust file for the proof; without it trust.json of the data folder
  --json       print the facts as JSON

Exit code: 0 told, 1 there is no such request or its proof is invalid, 2 the network can not be read.`,
  run: trace,
};

const bundleWaitMs = 5_000;

async function trace(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...connectionOptions, trust: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError("exactly one request id or receipt id is needed");
  if (!/^(req_[0-9a-f]{32}|0x[0-9a-f]{64})$/.test(id))
    throw new UsageError(`'${id}' is neither a request id (req_…) nor a receipt id (0x…)`);
  const signal = terminal.interrupted();
  const { url, client } = await connect(values, terminal);
  const receipt = await inWords(url, () => client.receipt(id, { signal }));
  const trustOptions = values.trust === undefined ? { data: values.data } : { trust: values.trust };
  const proof = await proofOf(receipt, { client, terminal, signal, trustOptions });
  if (values.json) terminal.out(JSON.stringify({ receipt, ...proofJson(proof) }));
  else for (const line of storyOf(receipt, proof)) terminal.out(line);
  return typeof proof !== "string" && !proof.verification.valid ? 1 : 0;
}

interface Sources {
  readonly client: KoinonClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly trustOptions: TrustOptions;
}

async function proofOf(receipt: ReceiptSummary, { client, terminal, signal, trustOptions }: Sources): Promise<Proof> {
  if (receipt.state !== "settled") return `it is ${receipt.state}`;
  try {
    const { trust } = await readTrust(trustOptions, terminal);
    const bytes = await client.bundle(receipt.request_id, { waitMs: bundleWaitMs, signal });
    const verification = verifyBundle(bytes, trust, { now: terminal.clock.now() });
    const isReadable = verification.receiptId !== null;
    return { bundle: isReadable ? parseBundle(bytes) : undefined, verification };
  } catch (error) {
    // The story is worth telling without a proof; why there is none is part of it.
    if (error instanceof InputError) return error.message;
    if (error instanceof ApiError && error.fault.code === "REFUSED") return error.fault.problem.replace(/\.$/, "");
    throw error;
  }
}

function proofJson(proof: Proof): object {
  if (typeof proof === "string") return { verification: null, not_verified_because: proof };
  return { verification: verificationJson(proof.verification) };
}
