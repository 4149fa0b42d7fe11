import { parseArgs } from "node:util";
import { weiPerGwei } from "@koinon/ethereum/withdrawal";
import type { Address } from "@koinon/secp256k1/address";
import { type Terminal, UsageError } from "../command.ts";
import { print } from "./action.ts";
import { addressOf } from "./addresses.ts";
import { coinInWords, parseCoin } from "./amounts.ts";
import { dataFolderOf } from "./find-chain.ts";
import { type CreditedWithdrawal, OperatorChain } from "./operator-chain.ts";

/** How long to wait for the block; the withdrawal is on disk long before. */
const blockWithinMs = 10_000;

/** `koinon chain credit`: coin out of nothing, by the operator of a chain. */
export async function creditCoin(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      value: { type: "string" },
      "request-id": { type: "string" },
      service: { type: "string" },
      tls: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [recipient, ...more] = positionals;
  if (recipient === undefined || more.length > 0) throw new UsageError("credit needs one address");
  if (values.value === undefined) throw new UsageError("credit needs --value AMOUNT");
  if ((values.service === undefined) !== (values.tls === undefined))
    throw new UsageError("--service and --tls go together");
  if (values.service !== undefined && values.data !== undefined)
    throw new UsageError("--service and --data exclude each other");
  const address = addressOf(recipient);
  const amountGwei = gweiOf(values.value);
  const requestId = values["request-id"] ?? Buffer.from(terminal.random.bytes(16)).toString("hex");
  const { service, tls } = values;
  const chain =
    service === undefined || tls === undefined
      ? OperatorChain.onThisMachine(dataFolderOf(values, terminal), terminal)
      : OperatorChain.elsewhere(service, tls, terminal);
  try {
    // Before it is sent: whoever is cut off can ask again without crediting twice.
    terminal.err(`request ${requestId}`);
    const queued = await chain.queue({ requestId, address, amountGwei });
    const credited = queued.block === undefined ? await chain.untilInBlock(requestId, blockWithinMs) : queued;
    print(
      values.json,
      { requestId, address, amountGwei, ...credited },
      words({ address, amountGwei }, credited),
      terminal,
    );
    return 0;
  } finally {
    chain.close();
  }
}

/** EIP-4895 counts in gwei. */
function gweiOf(text: string): bigint {
  const wei = parseCoin(text, "--value");
  if (wei > 0n && wei % weiPerGwei === 0n && wei / weiPerGwei < 2n ** 64n) return wei / weiPerGwei;
  throw new UsageError(`--value ${text}: a credit is a whole number of gwei, at least one and less than 2^64`);
}

function words(
  { address, amountGwei }: { readonly address: Address; readonly amountGwei: bigint },
  { index, block }: CreditedWithdrawal,
): string[] {
  const credit = `${coinInWords(amountGwei * weiPerGwei)} to ${address}, withdrawal ${index}`;
  return [block === undefined ? `queued: ${credit}` : `credited: ${credit}, block ${block.number}`];
}
