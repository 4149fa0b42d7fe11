import { Agent, request } from "node:http";
import { NodeTooSlow } from "./node-too-slow.ts";

/** Longest silence of a node: one that is this late counts as failed. */
const timeoutMs = 120_000;

/** A few connections to a node that carry JSON-RPC as bytes: `fetch` takes several times as long over a request. */
export class NodeConnection {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Posts a message; answers the bytes that came back. */
  async post(body: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const headers = { "content-type": "application/json", "content-length": body.length };
    const options = { method: "POST", agent: this.#agent, headers, timeout: timeoutMs };
    const sent = request(this.#url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new NodeTooSlow(`no answer for ${timeoutMs / 1000} s`)));
    sent.on("error", reject);
    sent.end(body);
    return await promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
