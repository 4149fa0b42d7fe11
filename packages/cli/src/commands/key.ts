import { parseArgs } from "node:util";
import type { ApiKey, KeyScope } from "@koinon/sdk/answers";
import { everyItem } from "@koinon/sdk/client";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { type Command, type Terminal, UsageError } from "../command.ts";
import { type Connection, connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { keyTable } from "../keys/key-words.ts";

/** `koinon key`: API keys and their budgets, with the administrator's credential. */
export const keyCommand: Command = {
  usage:
    "koinon key create --budget N [--name NAME] [--scopes LIST] | list | revoke ID | deposit ID --amount N | withdraw ID   [--data DIR] [--json]",
  help: `Creates, lists and revokes API keys of a running network, adds to their budgets and takes back what is left of them. Amounts are micro-credits.

  create       prints the new key's id and the key itself, which is shown this once only
  list         every key, newest first
  revoke ID    ends a key for good
  deposit ID   adds --amount to a key's budget
  withdraw ID  takes back what is left of a revoked key's budget; what requests under way have reserved stays until they end

  --budget N   what the key may spend
  --name NAME  for people (default "koinon key")
  --scopes A,B what it may do: inference, receipts, admin (default inference,receipts)
  --amount N   what to add
${connectionHelp}
  --json       print the answer as JSON

Exit code: 0 done, 1 refused, 2 the network can not be reached or the arguments make no sense.`,
  run: key,
};

const options = {
  ...connectionOptions,
  budget: { type: "string" },
  amount: { type: "string" },
  name: { type: "string" },
  scopes: { type: "string" },
  json: { type: "boolean", default: false },
} as const;
const scopes: readonly KeyScope[] = ["inference", "receipts", "admin"];

interface Arguments {
  readonly id: string | undefined;
  readonly budget?: string;
  readonly amount?: string;
  readonly name?: string;
  readonly scopes?: string;
}

interface Surroundings extends Pick<Connection, "client"> {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Prints the answer as JSON, or else these lines. */
  print(answer: object, lines: readonly string[]): void;
}

/** An action checks its arguments first, and answers what is then done with the network. */
type Action = (given: Arguments) => (surroundings: Surroundings) => Promise<void>;

const actions: Readonly<Record<string, Action>> = { create, list, revoke, deposit, withdraw };

async function key(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [name = "", id, ...more] = positionals;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined || more.length > 0)
    throw new UsageError(`one of ${Object.keys(actions).join(", ")} is needed`);
  const perform = action({ ...values, id });
  const print = (answer: object, lines: readonly string[]): void => {
    for (const line of values.json ? [JSON.stringify(answer)] : lines) terminal.out(line);
  };
  const { url, client } = await connect(values, terminal);
  await inWords(url, () => perform({ client, terminal, signal: terminal.interrupted(), print }));
  return 0;
}

function create({ id, name = "koinon key", budget: text, scopes: list }: Arguments): ReturnType<Action> {
  if (id !== undefined) throw new UsageError("create takes no id");
  const budget = amountOf(text, "--budget");
  const chosen = list?.split(",").map((scope) => scopeOf(scope.trim()));
  const wanted = { name, budget, ...(chosen === undefined ? {} : { scopes: chosen }) };
  return async ({ client, signal, print }) => {
    const created = await client.createKey(wanted, { signal });
    print(created, [`id   ${created.id}`, `key  ${created.key}`]);
  };
}

function list({ id }: Arguments): ReturnType<Action> {
  if (id !== undefined) throw new UsageError("list takes no id");
  return async ({ client, signal, print }) => {
    const keys: ApiKey[] = [];
    for await (const item of everyItem((pageToken) => client.keys({ pageToken, pageSize: 100, signal })))
      keys.push(item);
    print(keys, keyTable(keys));
  };
}

function revoke({ id: text }: Arguments): ReturnType<Action> {
  const id = idOf(text);
  return async ({ client, signal, print }) => {
    const revoked = await client.revokeKey(id, { signal });
    print(revoked, [`${revoked.id} (${revoked.name}) is revoked`]);
  };
}

function deposit({ id: text, amount: given }: Arguments): ReturnType<Action> {
  const id = idOf(text);
  const amount = amountOf(given, "--amount");
  return async ({ client, signal, print, terminal }) => {
    const requestId = bytesToHex(terminal.random.bytes(16));
    const budget = await client.deposit(id, { amount, requestId }, { signal });
    print(budget, [`available ${budget.available} of ${budget.limit} micro-credits`]);
  };
}

function withdraw({ id: text }: Arguments): ReturnType<Action> {
  const id = idOf(text);
  return async ({ client, signal, print, terminal }) => {
    const requestId = bytesToHex(terminal.random.bytes(16));
    const withdrawal = await client.withdraw(id, { requestId }, { signal });
    const { withdrawn, budget } = withdrawal;
    const rest = budget.reserved === "0" ? "" : `; ${budget.reserved} are reserved by requests under way`;
    print(withdrawal, [`${withdrawn} micro-credits went back${rest}`]);
  };
}

function amountOf(text: string | undefined, option: string): string {
  if (text === undefined) throw new UsageError(`${option} is needed`);
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new UsageError(`${option} ${text} is not a whole number of micro-credits`);
  if (text.length > 38) throw new UsageError(`${option} ${text} is more than there can be: 38 digits are the most`);
  return text;
}

function idOf(text: string | undefined): string {
  if (text === undefined || !/^[0-9a-f]{16}$/.test(text))
    throw new UsageError("the id of a key is needed: 16 hex digits, as `koinon key list` shows it");
  return text;
}

function scopeOf(text: string): KeyScope {
  const scope = scopes.find((candidate) => candidate === text);
  if (scope === undefined) throw new UsageError(`there is no scope '${text}'; there are ${scopes.join(", ")}`);
  return scope;
}
