import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = fileURLToPath(new URL("./openai-client.py", import.meta.url));
const version = "3.54.0";
const installMs = 120_000;
const askMs = 60_000;

/** The official Python client in a folder of its own. */
export interface PythonClient {
  /** Runs the script of the folder against a gateway and answers what the client saw, by the name of the call. */
  ask(baseUrl: string, apiKey: string): Promise<Record<string, unknown>>;
  remove(): Promise<void>;
}

/** Installs it with the machine's pip; answers why it can not be had, where there is no Python, pip or registry. */
export async function installOpenaiPython(): Promise<PythonClient | { readonly missing: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), "koinon-openai-python-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const flags = ["--quiet", "--no-input", "--only-binary=:all:", "--disable-pip-version-check", "--retries=1"];
  try {
    await run("python3", ["-m", "pip", "install", ...flags, "--target", folder, `openai==${version}`], {
      timeout: installMs,
    });
  } catch (error) {
    await remove();
    return { missing: reasonOf(error) };
  }
  return {
    async ask(baseUrl, apiKey) {
      const env = { ...process.env, PYTHONPATH: folder, OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey };
      const { stdout } = await run("python3", [script], { env, timeout: askMs });
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    remove,
  };
}

function reasonOf(error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === "ENOENT") return "no python3 on this machine";
  const line = stderr?.split("\n").find((each) => each.includes("ERROR") || each.includes("No module"));
  return (line ?? String(error)).slice(0, 200);
}
