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
};
