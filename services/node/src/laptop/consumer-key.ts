import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { writePrivateFile } from "@koinon/machine/private-file";
import { request } from "undici";
import { NodeError } from "../errors.ts";
import type { DataFolder } from "./data-folder.ts";

/** Micro-credits that the first key starts with: about 300 million tokens of the dearest default provider. */
const firstBudget = "100000000";

/** The key that the start line shows: made once, through the gateway like every other, and kept in the data folder. */
export async function ensureConsumerKey(folder: DataFolder, url: string, adminKey: string): Promise<string> {
  const file = path.join(folder.keys, "first-api-key");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const { statusCode, body } = await request(`${url}/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "first key", budget: firstBudget }),
  });
  const answer = await body.text();
  if (statusCode >= 300) throw new NodeError({ code: "CONSUMER_KEY_REFUSED", status: statusCode, answer });
  const { key } = JSON.parse(answer) as { key: string };
  writePrivateFile(file, `${key}\n`);
  return key;
}
