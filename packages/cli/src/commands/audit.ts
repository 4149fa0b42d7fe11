import { parseArgs } from "node:util";
import { AuditError } from "@koinon/contributions/audit-error";
import { KoinonClient } from "@koinon/sdk/client";
import { describeLogFailure, LogError } from "../audit/audit-failure.ts";
import { auditLog } from "../audit/audit-log.ts";
import { auditJson, auditWords } from "../audit/audit-words.ts";
import { describeEntryFailure } from "../audit/entry-failure.ts";
import { createFolderLogFiles, createHttpLogFiles, createSavingLogFiles, type LogFiles } from "../audit/log-files.ts";
import { type Command, type Terminal, UsageError } from "../command.ts";
import { connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { readTrust } from "../connection/files.ts";
import { countInWords } from "../words.ts";

/** `koinon audit`: recomputes the contribution log from its first entry on. */
export const auditCommand: Command = {
  usage: "koinon audit [--url URL | --data DIR | --log DIR] [--trust FILE] [--save DIR] [--json]",
  help: `Reads the whole contribution log and believes nothing in it but the trust file: the checkpoint's signatures, every tile, the root
recomputed from the entries, and of every entry its signature, its price, its fee and its place in its session. Prints who did how much,
computed from the log alone, and compares it with what the network says at /v1/contributions.

${connectionHelp}
  --log DIR    audit the files of a folder, with no network
  --save DIR   keep a copy of everything read, for --log
  --trust FILE the trust file; without it trust.json of the data folder
  --json       print the result as JSON

Exit code: 0 the log stands up to it, 1 it does not (what is wrong is named), 2 it can not be read.`,
  run: audit,
};

const options = {
  ...connectionOptions,
  log: { type: "string" },
  save: { type: "string" },
  trust: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

async function audit(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  if (values.log !== undefined && (values.url ?? values.save) !== undefined) {
    throw new UsageError("--log works without a network: leave --url and --save out");
  }
  const signal = terminal.interrupted();
  const { trust } = await readTrust(
    values.trust === undefined ? { data: values.data } : { trust: values.trust },
    terminal,
  );
  const { files, client, place } = await findLog(values, terminal);
  try {
    const progress = createProgress(values.json, terminal);
    const inputs = { files, trust, client, signal, progress };
    const report = await inWords(place, () => auditLog(inputs), { refusal: "unreadable" });
    const names = new Map<string, string>(trust.providers.map(({ root, name }) => [root, name]));
    if (values.json) terminal.out(JSON.stringify(auditJson(report)));
    else for (const line of auditWords(report, (provider) => names.get(provider))) terminal.out(line);
    return 0;
  } catch (error) {
    if (!(error instanceof LogError) && !(error instanceof AuditError)) throw error;
    const problem = error instanceof LogError ? describeLogFailure(error.fault) : describeEntryFailure(error.fault);
    if (values.json) terminal.out(JSON.stringify({ valid: false, code: error.code, problem }));
    else terminal.out(`INVALID: ${problem} (${error.code})`);
    return 1;
  }
}

interface Found {
  readonly files: LogFiles;
  readonly client: KoinonClient | undefined;
  readonly place: string;
}

async function findLog(
  values: { log?: string; save?: string; url?: string; key?: string; data?: string },
  terminal: Terminal,
): Promise<Found> {
  if (values.log !== undefined)
    return { files: createFolderLogFiles(values.log), client: undefined, place: values.log };
  const { url, client } = await connect(values, terminal);
  const files = createHttpLogFiles(new KoinonClient({ url }).log);
  return { files: values.save === undefined ? files : createSavingLogFiles(files, values.save), client, place: url };
}

function createProgress(isQuiet: boolean, terminal: Terminal): (entries: bigint, of: bigint) => void {
  let lastTenth = 0n;
  return (entries, of) => {
    const tenth = (entries * 10n) / of;
    if (isQuiet || of < 5_000n || tenth === lastTenth) return;
    lastTenth = tenth;
    terminal.err(`${countInWords(entries, "entry", "entries")} of ${of} read`);
  };
}
