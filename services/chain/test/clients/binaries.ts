import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Programs of Foundry, from the npm package of this platform. */
export type FoundryBinary = "anvil" | "cast" | "forge";

/** Where a program is, or why it is not there. */
export interface FoundBinary {
  readonly path: string | undefined;
  readonly missing: string | undefined;
}

/** Looks for a program without starting it. */
export function findBinary(name: FoundryBinary): FoundBinary {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const packageName = `@foundry-rs/${name}-${process.platform}-${architecture}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve(`@foundry-rs/${name}/package.json`);
    const manifest = createRequire(wrapper).resolve(`${packageName}/package.json`);
    const found = path.join(path.dirname(manifest), "bin", name);
    if (existsSync(found)) return { path: found, missing: undefined };
    return { path: undefined, missing: `${packageName} holds no program` };
  } catch {
    return { path: undefined, missing: `${packageName} is not installed` };
  }
}
