import { type Terminal, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { failureOf } from "./failure.ts";

/** Runs `koinon` with its arguments and answers the exit code. */
export async function runKoinon(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, second] = args;
  // `koinon help verify` is what some try first.
  const [name, ...rest] = first === "help" && second !== undefined ? [second, "--help"] : args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    terminal.out(overview());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    terminal.err(`koinon: there is no command '${name}'\n\n${overview()}`);
    return 2;
  }
  const command = await entry.load();
  if (rest.includes("--help") || rest.includes("-h")) {
    terminal.out(`usage: ${command.usage}\n\n${command.help}`);
    return 0;
  }
  try {
    assertNothingEmpty(rest);
    return await command.run(rest, terminal);
  } catch (error) {
    const { words, exitCode, isUsage } = failureOf(error);
    terminal.err(`koinon ${name}: ${words}${isUsage ? `\nusage: ${command.usage}` : ""}`);
    return exitCode;
  }
}

/** What is empty is a variable of a shell that is not set, and would mean this folder, or nothing, or everything. */
function assertNothingEmpty(args: readonly string[]): void {
  for (const [index, text] of args.entries()) {
    const [, option] = /^(--[a-z-]+)=$/.exec(text) ?? [];
    const before = args[index - 1];
    if (option !== undefined) throw new UsageError(`the value of ${option} is empty`);
    if (text === "")
      throw new UsageError(before?.startsWith("--") ? `the value of ${before} is empty` : "an argument is empty");
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `usage: koinon <command> [options]\n\n${lines.join("\n")}\n\nkoinon <command> --help says more.`;
}
