import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const module = "github.com/ethereum/go-ethereum@v1.16.8";

/** One call of a vector file; a failing call has an error instead of output and gas. */
export interface Vector {
  readonly name: string;
  readonly input: Uint8Array;
  readonly expected: { readonly output: string; readonly gas: number } | { readonly error: string };
}

/** Where go-ethereum's vectors lie, or why they can not be had. */
export type Vectors = { readonly directory: string } | { readonly missing: string };

/** Has Go put the module into its own cache; the vectors are never part of this repository. */
export function findVectors(): Vectors {
  try {
    const answer = execFileSync("go", ["mod", "download", "-json", module], {
      cwd: tmpdir(),
      env: { ...process.env, GOFLAGS: "-mod=mod" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
    });
    const { Dir } = JSON.parse(answer) as { Dir: string };
    return { directory: join(Dir, "core/vm/testdata/precompiles") };
  } catch (error) {
    return { missing: String(error).split("\n")[0] ?? "" };
  }
}

/** The calls of a vector file; `fail-…` files hold the calls that fail. */
export function readVectors(directory: string, file: string): readonly Vector[] {
  const raw = JSON.parse(readFileSync(join(directory, `${file}.json`), "utf8")) as RawVector[];
  return raw.map((vector) => ({
    name: vector.Name,
    input: Uint8Array.from(Buffer.from(vector.Input, "hex")),
    expected:
      vector.ExpectedError === undefined
        ? { output: vector.Expected ?? "", gas: vector.Gas ?? 0 }
        : { error: vector.ExpectedError },
  }));
}

interface RawVector {
  readonly Name: string;
  readonly Input: string;
  readonly Expected?: string;
  readonly Gas?: number;
  readonly ExpectedError?: string;
}
