import type { Command } from "./command.ts";

/** A command as the overview lists it; its code is loaded when it is called. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command, in the order of the overview. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  start: {
    summary: "run a whole network on this machine, or the services named",
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  verify: {
    summary: "verify a proof bundle, offline",
    load: async () => (await import("./commands/verify.ts")).verifyCommand,
  },
  audit: {
    summary: "recompute the contribution log and who did how much",
    load: async () => (await import("./commands/audit.ts")).auditCommand,
  },
  trace: {
    summary: "tell the story of a request",
    load: async () => (await import("./commands/trace.ts")).traceCommand,
  },
  receipts: {
    summary: "list the newest requests",
    load: async () => (await import("./commands/receipts.ts")).receiptsCommand,
  },
  budget: {
    summary: "show what a key may still spend",
    load: async () => (await import("./commands/budget.ts")).budgetCommand,
  },
  key: {
    summary: "create, list and revoke API keys",
    load: async () => (await import("./commands/key.ts")).keyCommand,
  },
  model: {
    summary: "fetch, convert and list the models on this machine",
    load: async () => (await import("./commands/model.ts")).modelCommand,
  },
  chain: {
    summary: "begin, look at, copy and pay on a shard of the chain",
    load: async () => (await import("./commands/chain.ts")).chainCommand,
  },
  witness: {
    summary: "follow a log and cosign its checkpoints",
    load: async () => (await import("./commands/witness.ts")).witnessCommand,
  },
};
