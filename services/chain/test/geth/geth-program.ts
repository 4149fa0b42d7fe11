import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

const module = "github.com/ethereum/go-ethereum/cmd/geth@v1.16.8";

/** Where geth 1.16.8 is, or why it is not here. */
export type GethProgram = { readonly file: string } | { readonly missing: string };

/** The geth that KOINON_GETH names, or the one in the cache folder, into which Go puts it when it is not there. */
export function findGeth(): GethProgram {
  const named = process.env.KOINON_GETH;
  if (named !== undefined) return existsSync(named) ? { file: named } : { missing: `${named} is not there` };
  const folder = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "koinon", "bin");
  const file = path.join(folder, "geth");
  if (existsSync(file)) return { file };
  try {
    mkdirSync(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" };
    execFileSync("go", ["install", module], { env, stdio: ["ignore", "ignore", "pipe"], timeout: 900_000 });
    return { file };
  } catch (error) {
    return { missing: `go install ${module}: ${String(error).split("\n")[0]}` };
  }
}
