import { access, readFile } from "node:fs/promises";

/** A Linux capability that lets a process enter folders which are closed to its user, and the program that hands it over. */
export interface SearchCapability {
  readonly name: "dac_read_search" | "dac_override";
  readonly setpriv: string;
}

// capabilities(7): numbers are bits of the sets in /proc/self/status. Containers usually keep only the second.
const candidates = [
  { name: "dac_read_search", bit: 2n },
  { name: "dac_override", bit: 1n },
] as const;

/** What this process, as root, can lend to the server; undefined where there is no setpriv(1) or no capability. */
export async function searchCapability(): Promise<SearchCapability | undefined> {
  if (process.platform !== "linux") return undefined;
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  const available = set("CapBnd") & set("CapPrm");
  const found = candidates.find(({ bit }) => (available >> bit) & 1n);
  for (const setpriv of ["/usr/bin/setpriv", "/bin/setpriv"]) {
    const present = await access(setpriv).then(
      () => true,
      () => false,
    );
    if (present && found !== undefined) return { name: found.name, setpriv };
  }
  return undefined;
}
