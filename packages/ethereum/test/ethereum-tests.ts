import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Tests of github.com/ethereum/tests; not part of the repository, so a checkout may be without them. */
export const archive = join(
  process.env.KOINON_VECTORS ?? fileURLToPath(new URL("../../../../shared/vectors", import.meta.url)),
  "ethereum-tests.tar.gz",
);

/** Whether the tests are at hand. */
export const hasArchive = existsSync(archive);

/** Unpacks these folders of the archive to a temporary place. */
export function unpack(...folders: string[]): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "koinon-ethereum-tests-"));
  execFileSync("tar", ["xzf", archive, "-C", path, ...folders.map((folder) => `./${folder}`)]);
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** The cases of all JSON files under a folder, with the file's name in front of the case's. */
export function* casesUnder<T>(folder: string): Generator<[name: string, testCase: T]> {
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (!entry.endsWith(".json")) continue;
    const cases = JSON.parse(readFileSync(join(folder, entry), "utf8")) as Record<string, T>;
    for (const [name, testCase] of Object.entries(cases)) yield [`${entry} ${name}`, testCase];
  }
}
