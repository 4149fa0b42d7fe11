import { setTimeout as delay } from "node:timers/promises";
import { request } from "undici";

const intervalMs = 50;

/** Resolves when so many providers are healthy, as the gateway tells; rejects when the signal aborts. */
export async function untilProvidersServe(
  network: { readonly url: string; readonly apiKey: string; readonly count: number },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { body } = await request(`${network.url}/v1/providers`, {
      headers: { authorization: `Bearer ${network.apiKey}` },
      signal,
    });
    const { data = [] } = (await body.json()) as { data?: readonly { state: string }[] };
    if (data.filter(({ state }) => state === "healthy").length >= network.count) return;
    await delay(intervalMs, undefined, { signal });
  }
}
