import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Every file that is, or could be, committed: tracked or untracked, not ignored; relative paths. */
export function repositoryFiles(): string[] {
  const listing = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  return listing.split("\0").filter((file) => file !== "" && existsSync(path.join(root, file)));
}

/** Text of a repository file. */
export function readText(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

/** Production TypeScript: not tests, fixtures or generated code. */
export function productionSources(): string[] {
  return repositoryFiles().filter(
    (file) =>
      /^(packages|services|bench)\/.*\/?src\/.*\.tsx?$/.test(file) &&
      !file.endsWith(".test.ts") &&
      !file.startsWith("packages/testkit/"),
  );
}

export interface WorkspacePackage {
  readonly name: string;
  readonly folder: string;
  readonly dependencies: readonly string[];
}

/** The workspace's packages with their production dependencies on each other. */
export function workspacePackages(): WorkspacePackage[] {
  return repositoryFiles()
    .filter((file) => /^(packages|services|bench|test)\/.*package\.json$/.test(file))
    .map((file) => {
      const manifest = JSON.parse(readText(file)) as { name: string; dependencies?: Record<string, string> };
      const dependencies = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith("@koinon/"));
      return { name: manifest.name, folder: path.dirname(file), dependencies };
    });
}
