import type { Terminal } from "../command.ts";

/** What comes after `koinon chain`: one of its actions, with its own arguments; answers the exit code. */
export type ChainAction = (args: readonly string[], terminal: Terminal) => Promise<number>;

/** Prints an answer as one line of JSON, amounts and numbers as decimal text, or else its lines in words. */
export function print(isJson: boolean, answer: object, words: readonly string[], terminal: Terminal): void {
  const text = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
  for (const line of isJson ? [JSON.stringify(answer, text)] : words) terminal.out(line);
}
