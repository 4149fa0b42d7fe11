import { parseArgs } from "node:util";
import { unknownAnchorBlock, withKnownBlocks } from "@koinon/receipts/known-blocks";
import type { Trust } from "@koinon/receipts/trust";
import { verifyBundle } from "@koinon/receipts/verify";
import { isHex } from "@koinon/secp256k1/hex";
import { type Command, InputError, type Terminal, UsageError } from "../command.ts";
import { readInput, readTrust } from "../connection/files.ts";
import { readSettings } from "../settings.ts";
import { type AskedBlock, verificationJson, verificationReport } from "../verify/verification-report.ts";

/** `koinon verify`: checks a proof bundle offline. */
export const verifyCommand: Command = {
  usage: "koinon verify FILE [--trust FILE | --data DIR] [--request FILE] [--response FILE] [--block HASH]… [--json]",
  help: `Verifies a proof bundle with no network: who served an answer, from which model, at which price, and that its receipt is in the log.
Everything is checked against trust anchors that come from outside the bundle. With the exact bytes of request and response (for a
stream: every byte that arrived) it also checks that these are the ones that the receipt is for.

  FILE             the bundle, as GET /v1/receipts/{id}/bundle answers it
  --trust FILE     the trust file: logs, witnesses and providers to believe
  --data DIR       take trust.json of this data folder (KOINON_DATA, default ./data). When the bundle is anchored in a block that
                   this file does not name, the chain of the folder is asked for it: over its JSON-RPC while it runs, else in its database
  --request FILE   the request body that was sent
  --response FILE  the response body that was received
  --block HASH     a block that you know to be of the trust file's chain: the bundle has to be anchored in it or shortly before it
  --json           print the verdict and its steps as JSON

Exit code: 0 valid, 1 invalid (the failing steps are named), 2 a file can not be read.`,
  run: verify,
};

async function verify(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      trust: { type: "string" },
      data: { type: "string" },
      request: { type: "string" },
      response: { type: "string" },
      block: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("exactly one bundle file is needed");
  const bytes = await readInput(file, "the bundle");
  const told = withBlocks((await readTrust(values, terminal)).trust, values.block);
  const asked = values.trust === undefined ? await askChain(bytes, told, values.data, terminal) : undefined;
  const trust = asked?.number === undefined ? told : withKnownBlocks(told, [asked.hash], told.anchoring);
  const result = verifyBundle(bytes, trust, {
    ...(values.request === undefined ? {} : { request: await readInput(values.request, "the request") }),
    ...(values.response === undefined ? {} : { response: await readInput(values.response, "the response") }),
    now: terminal.clock.now(),
  });
  if (values.json) terminal.out(JSON.stringify(verificationJson(result, asked)));
  else for (const line of verificationReport(result, asked)) terminal.out(line);
  if (result.valid) return 0;
  if (isJson(bytes)) return 1;
  terminal.err(`koinon verify: ${file} is not JSON`);
  return 2;
}

/** What is trusted with blocks that the caller knows; naming one asks for an anchor. */
function withBlocks(trust: Trust, blocks: readonly string[]): Trust {
  if (blocks.length === 0) return trust;
  const known = blocks.map((block) => {
    if (!isHex(block, 32)) throw new UsageError(`'${block}' is no block hash: 0x and 64 digits 0-9a-f`);
    return block;
  });
  if (trust.anchoring.chains.length === 0)
    throw new UsageError("--block needs a trust file that names a chain and its checkpoint registry");
  return withKnownBlocks(trust, known, { required: true });
}

/** Asks the folder's chain for the block of an anchor that the trust file does not name; undefined when there is nothing to ask. */
async function askChain(
  bytes: Uint8Array,
  trust: Trust,
  data: string | undefined,
  terminal: Terminal,
): Promise<AskedBlock | undefined> {
  const hash = unknownAnchorBlock(bytes, trust);
  if (hash === undefined) return undefined;
  try {
    const { findBlock } = await import("../verify/folder-chain.ts");
    return { hash, ...(await findBlock(data ?? readSettings(terminal).data, hash, terminal)) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { hash, number: undefined, problem: error.message };
  }
}

// A bundle that was tampered with is a "no"; something that is no bundle at all can not be read.
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
