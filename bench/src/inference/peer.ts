import { type AddressInfo, createServer } from "node:net";
import { request } from "undici";

/** Another gateway, started on a free loopback port before the same mock engine. */
export interface Peer {
  readonly name: string;
  readonly origin: string;
  /** What its requests carry beside the body. */
  readonly headers: Record<string, string>;
  stop(): void;
}

/** A TCP port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when `url` answers, whatever the status; rejects after `timeoutMs` or when `hasEnded` says that nobody will. */
export async function untilAnswering(url: string, timeoutMs: number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !hasEnded()) {
    try {
      await (await request(url)).body.dump();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`${url} did not answer within ${timeoutMs} ms`);
}
