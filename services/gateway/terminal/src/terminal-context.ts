import { createContext, useContext } from "react";
import type { Terminal } from "./terminal.ts";

export const TerminalContext = createContext<Terminal | null>(null);

/** What the pages work with. */
export function useTerminal(): Terminal {
  const terminal = useContext(TerminalContext);
  if (terminal === null) throw new Error("rendered outside of the Terminal");
  return terminal;
}
