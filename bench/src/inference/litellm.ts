import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "@koinon/machine/free-port";
import { type Peer, untilAnswering } from "./peer.ts";

// Imports half of Python before it listens.
const startTimeoutMs = 90_000;

/** Starts the proxy of the Python package `litellm[proxy]`, one worker; undefined when there is no `litellm` on the PATH. */
export async function startLitellm(engineUrl: string, model: string): Promise<Peer | undefined> {
  if (spawnSync("litellm", ["--help"], { stdio: "ignore" }).error !== undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), "litellm-"));
  const config = path.join(folder, "config.yaml");
  const key = `sk-${randomBytes(24).toString("hex")}`;
  writeFileSync(config, configFile(engineUrl, model, key));
  const port = await freePort();
  const options = ["--config", config, "--host", "127.0.0.1", "--port", String(port)];
  // No prices from the network and no telemetry: it is measured as it serves.
  const command = ["LITELLM_LOCAL_MODEL_COST_MAP=True", "LITELLM_TELEMETRY=False", "litellm", ...options];
  const child = spawn("env", command, { cwd: folder, stdio: "ignore" });
  const stop = () => {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  const origin = `http://127.0.0.1:${port}`;
  try {
    await untilAnswering(`${origin}/health/liveliness`, startTimeoutMs, () => child.exitCode !== null);
  } catch (error) {
    stop();
    throw error;
  }
  return { name: "litellm", origin, headers: { authorization: `Bearer ${key}` }, stop };
}

function configFile(engineUrl: string, model: string, key: string): string {
  const parameters = { model: `openai/${model}`, api_base: engineUrl, api_key: "bench" };
  // JSON is YAML.
  return JSON.stringify({
    model_list: [{ model_name: model, litellm_params: parameters }],
    general_settings: { master_key: key },
  });
}
