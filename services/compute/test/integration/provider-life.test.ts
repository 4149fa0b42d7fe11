import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { receiptDocument } from "@koinon/receipts/receipt";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { type MockUpstream, startMockUpstream } from "../fixtures/mock-upstream.ts";
import { need, type Served, startProvider, TestMarket, type TestProvider } from "../fixtures/test-provider.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let upstream: MockUpstream;
const running: TestProvider[] = [];

const stream = { model: "m", stream: true, messages: [] };

beforeEach(async () => {
  folder = await temporaryFolder();
  upstream = await startMockUpstream();
});

afterEach(async () => {
  for (const provider of running.splice(0)) await provider.stop();
  await upstream.close();
  await folder.remove();
});

async function start(market?: TestMarket, settings: Parameters<typeof startProvider>[1] = {}): Promise<TestProvider> {
  const started = await startProvider(
    folder.path,
    { engineUrl: upstream.baseUrl, ...settings },
    market === undefined ? {} : { market },
  );
  running.push(started);
  return started;
}

const receiptOf = (served: Served) => receiptDocument.struct.decode(need(served.receipt?.receipt).content);

test("a provider that comes back is the same party, goes on in the same session and hands in what waits", async () => {
  const first = await start();
  // What kill -9 leaves: the journal as it is, nothing closed. The first one's own loops must not take the receipt away.
  first.market.verdict = () => {
    throw new Error("market is away");
  };
  const { session, provider } = receiptOf(await first.serve(first.order(stream)));
  expect(first.journal.pendingCount).toBe(1);
  const market = new TestMarket();
  const second = await start(market);
  const again = receiptOf(await second.serve(second.order(stream, { requestId: Buffer.alloc(32).fill(7, 31) })));
  expect(again).toMatchObject({ session, provider, sequence: 1n });
  await waitFor(() => market.submitted.length >= 2, { what: "both receipts to be handed in" });
  await waitFor(() => second.journal.pendingCount === 0);
});

test("a refused receipt ends its session; the next one starts another", async () => {
  const alpha = await start();
  alpha.market.verdict = () => ({ accepted: false, reason: "CHAIN_BROKEN" });
  const first = receiptOf(await alpha.serve(alpha.order(stream)));
  await waitFor(() => alpha.journal.pendingCount === 0, { what: "the refusal" });
  alpha.market.verdict = () => ({ accepted: true, reason: "" });
  const next = receiptOf(await alpha.serve(alpha.order(stream)));
  expect(next.sequence).toBe(0n);
  expect(next.session).not.toBe(first.session);
});

test("quotes are signed anew before they end, and the former one is served until then", async () => {
  const alpha = await start(undefined, { quoteValidityMs: 6_000 });
  const request = alpha.order(stream);
  const former = need(alpha.market.registration?.offers[0]).priceId;
  const renewed = await waitFor(
    () => (alpha.market.registration?.offers[0]?.priceId !== former ? alpha.market.registration : undefined),
    { what: "a new quote" },
  );
  expect(renewed.offers[0]?.terms.version).toBeGreaterThan(0n);
  expect((await alpha.serve(request)).receipt).toBeDefined();
  expect((await alpha.serve(alpha.order(stream))).receipt).toBeDefined();
});

test("a heartbeat that is not answered is given up while the market would still take the next one in time", async () => {
  const { market } = await start();
  const heartbeatTimeoutMs = await waitFor(() => market.heartbeatTimeoutMs);
  // The market asks for one every 20 ms, and three may be missed.
  expect(heartbeatTimeoutMs).toBeLessThan(3 * 20);
});

test("a market that forgot the provider gets it registered again", async () => {
  const alpha = await start();
  alpha.market.known = false;
  await waitFor(() => alpha.market.registrations >= 2, { what: "the second registration" });
});

test("health follows its parts", async () => {
  const alpha = await start();
  await waitFor(() => alpha.provider.health().status === "serving");
  await upstream.close();
  await alpha.serve(alpha.order(stream));
  expect(alpha.provider.health()).toMatchObject({ status: "not-serving" });
  expect(alpha.provider.health().parts.find((part) => part.name === "engine")).toMatchObject({ ok: false });
});
