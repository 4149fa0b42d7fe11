import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

/** The npm packages of Foundry's programs; each brings the program itself in a package of its platform's. */
const packages = {
  anvil: () => require.resolve("@foundry-rs/anvil/package.json"),
  cast: () => require.resolve("@foundry-rs/cast/package.json"),
  forge: () => require.resolve("@foundry-rs/forge/package.json"),
};

/** Where a program is, or why it is not there. */
export interface FoundBinary {
  readonly path: string | undefined;
  readonly missing: string | undefined;
}

/** Looks for a program of Foundry without starting it. */
export function findBinary(name: keyof typeof packages): FoundBinary {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const platformPackage = `@foundry-rs/${name}-${process.platform}-${architecture}`;
  try {
    const manifest = createRequire(packages[name]()).resolve(`${platformPackage}/package.json`);
    const found = path.join(path.dirname(manifest), "bin", name);
    if (existsSync(found)) return { path: found, missing: undefined };
    return { path: undefined, missing: `${platformPackage} holds no program` };
  } catch {
    return { path: undefined, missing: `${platformPackage} is not installed` };
  }
}
