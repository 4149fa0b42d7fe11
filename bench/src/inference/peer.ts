import { request } from "undici";

/** Another gateway, started on a free loopback port before the same mock engine. */
export interface Peer {
  readonly name: string;
  readonly origin: string;
  /** What its requests carry beside the body. */
  readonly headers: Record<string, string>;
  stop(): void;
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
