import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { lockOwner, type OwnerLock } from "@koinon/machine/file-owner";
import { ApiError } from "@koinon/sdk/fault";
import { formatVerifierKey, parseVerifierKey } from "@koinon/tlog/note-key";
import { type Command, InputError, type Terminal, UsageError } from "../command.ts";
import { connect, connectionHelp, connectionOptions, inWords } from "../connection/connect.ts";
import { readTrust } from "../connection/files.ts";
import { openWitnessKey } from "../witness/witness-key.ts";
import { type RoundOutcome, runRound, type WitnessParts } from "../witness/witness-round.ts";
import { WitnessState } from "../witness/witness-state.ts";

/** `koinon witness`: follows a log and vouches that it only ever grows. */
export const witnessCommand: Command = {
  usage:
    "koinon witness --witness-key FILE [--name NAME] [--url URL | --data DIR] [--trust FILE] [--once] [--interval SECONDS] [--json]",
  help: `Follows a log and cosigns its checkpoints (C2SP cosignature/v1) as long as each one extends the one before. A checkpoint of another
history (a fork) or of a shorter one (a rollback) is not cosigned; both notes are kept as evidence.

  --witness-key FILE  the witness's private key; made there when --name is given and the file does not exist
  --name NAME         name of a new key, such as witness.example.org
  --vkey              print the verifier key, which readers put into their trust file, and end
  --state FILE        what was cosigned last (default: the key file's name and .state.json); keep it as safe as the key
  --evidence DIR      where evidence is kept (default: the state file's name and .evidence)
  --trust FILE        names the logs to follow and their keys; without it trust.json of the data folder
  --once              look once instead of going on
  --interval SECONDS  between looks (default 10)
${connectionHelp}
  --json              print each look as a line of JSON

Exit code: 0 done or stopped, 1 a checkpoint was refused, 2 the log, a file or the arguments can not be read. Without --once an unreachable
log and a rollback are reported and it goes on; a fork ends it.`,
  run: witness,
};

const options = {
  ...connectionOptions,
  "witness-key": { type: "string" },
  name: { type: "string" },
  vkey: { type: "boolean", default: false },
  state: { type: "string" },
  evidence: { type: "string" },
  trust: { type: "string" },
  once: { type: "boolean", default: false },
  interval: { type: "string", default: "10" },
  json: { type: "boolean", default: false },
} as const;

async function witness(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  const keyFile = values["witness-key"];
  if (keyFile === undefined) throw new UsageError("--witness-key FILE is needed");
  const intervalMs = Number(values.interval) * 1_000;
  if (!(intervalMs >= 100 && intervalMs <= 86_400_000))
    throw new UsageError("--interval is a number of seconds from 0.1 to 86400");
  const key = openWitnessKey(keyFile, values.name, terminal.random);
  if (values.vkey) {
    terminal.out(formatVerifierKey(key));
    return 0;
  }
  const { trust } = await readTrust(
    values.trust === undefined ? { data: values.data } : { trust: values.trust },
    terminal,
  );
  const { url, client } = await connect(values, terminal);
  const stateFile = values.state ?? `${keyFile}.state.json`;
  const lock = await lockState(stateFile);
  try {
    const parts: WitnessParts = {
      key,
      logs: trust.logs.map(({ origin, vkey }) => ({ origin, key: parseVerifierKey(vkey) })),
      log: client.log,
      state: WitnessState.open(stateFile),
      evidenceFolder: values.evidence ?? `${stateFile}.evidence`,
      clock: terminal.clock,
    };
    const report = (outcome: RoundOutcome): void =>
      terminal.out(values.json ? outcomeJson(outcome) : outcomeWords(outcome));
    if (values.once)
      return await inWords(url, () => lookOnce(parts, report, terminal.interrupted()), { refusal: "unreadable" });
    return await follow(parts, {
      intervalMs,
      url,
      report,
      problem: (text) => terminal.err(`koinon witness: ${text}`),
      signal: terminal.interrupted(),
    });
  } finally {
    await lock.release();
  }
}

/** Makes this process the only one that works with a witness's state: two of them could cosign two histories. */
async function lockState(stateFile: string): Promise<OwnerLock> {
  const lock = await lockOwner(`${stateFile}.owner`);
  if ("release" in lock) return lock;
  throw new InputError(`process ${lock.pid} works with ${stateFile} already`);
}

async function lookOnce(
  parts: WitnessParts,
  report: (outcome: RoundOutcome) => void,
  signal: AbortSignal,
): Promise<number> {
  const outcome = await runRound(parts, signal);
  report(outcome);
  return { cosigned: 0, unchanged: 0, refused: 1, unreadable: 2 }[outcome.status];
}

interface Following {
  readonly intervalMs: number;
  readonly url: string;
  readonly signal: AbortSignal;
  report(outcome: RoundOutcome): void;
  problem(text: string): void;
}

async function follow(parts: WitnessParts, { intervalMs, url, report, problem, signal }: Following): Promise<number> {
  // What repeats itself at every look is said once.
  let last = "";
  const isNews = (text: string): boolean => {
    const news = text !== last;
    last = text;
    return news;
  };
  while (!signal.aborted) {
    try {
      const outcome = await inWords(url, () => runRound(parts, signal), { refusal: "unreadable" });
      if (isNews(outcomeWords(outcome)) && outcome.status !== "unchanged") report(outcome);
      // A log behind a stale cache may look shorter for a while; two histories never become one again.
      if (outcome.status === "refused" && outcome.refusal.reason !== "ROLLBACK") return 1;
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof InputError && error.cause instanceof ApiError)) throw error;
      if (isNews(error.message)) problem(error.message);
    }
    await setTimeout(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

function outcomeWords(outcome: RoundOutcome): string {
  switch (outcome.status) {
    case "cosigned":
      return `cosigned ${outcome.origin} at ${outcome.size} entries`;
    case "unchanged":
      return `${outcome.origin} is unchanged at ${outcome.size} entries`;
    case "refused":
      return `REFUSED: ${refusalWords[outcome.refusal.reason]} Evidence: ${outcome.evidence}`;
    case "unreadable":
      return `NOT COSIGNED: ${outcome.problem}`;
  }
}

const refusalWords: Record<Extract<RoundOutcome, { status: "refused" }>["refusal"]["reason"], string> = {
  UNKNOWN_LOG: "the checkpoint is of a log that the trust file does not name.",
  BAD_SIGNATURE: "the checkpoint is not signed by the log.",
  ROLLBACK: "the checkpoint is of a shorter history than the one cosigned before.",
  STALE: "the checkpoint does not start from the one cosigned before.",
  FORK: "the checkpoint is of another history of the same length.",
  BAD_EMPTY_ROOT: "an empty log has another root than the empty one.",
  BAD_PROOF: "the checkpoint does not extend the one cosigned before: the log shows two histories.",
};

function outcomeJson(outcome: RoundOutcome): string {
  return JSON.stringify(outcome, (_name, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}
