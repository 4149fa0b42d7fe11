import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { ServeResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import { ProviderState, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import { receiptOutcome, zeroHash } from "@koinon/receipts/receipt";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { waitFor } from "@koinon/testkit/wait-for";
import { Party } from "./party.ts";
import { completionOf, eventsOf, type Script, type ScriptedProvider } from "./scripted-provider.ts";
import { chatOffer, registrationMessage, type Stores, TestMarket } from "./test-market.ts";

const someHash = `0x${"ab".repeat(32)}` as const;
const receiptPart = (message: Parameters<NonNullable<Script["send"]>>[0]): ServeResponse => ({
  part: { $case: "receipt", value: message },
});

const headValue = {
  status: 200,
  contentType: "application/json",
  provider: new Uint8Array(),
  providerName: "",
  manifestHash: new Uint8Array(),
  priceId: new Uint8Array(),
};

/** The outcome of each lie, whatever the stores. */
export function liesSuite(name: string, open: () => Promise<Stores>): void {
  describe(`lies: ${name}`, () => {
    describe("a lie is not paid, its provider is failing, and its client sees an explicit error instead of the end", () => {
      let market: TestMarket;
      afterEach(() => market.stop());

      async function expectCaught(provider: ScriptedProvider, reason: string): Promise<void> {
        const request = market.request();
        const seen = await market.read(request);
        expect(seen.error).toMatchObject({ code: "ANSWER_NOT_PROVED", status: "DATA_LOSS", facts: { reason } });
        expect(seen.end).toBeUndefined();
        expect(seen.text).not.toContain("[DONE]");
        expect(await market.spent()).toBe(0n);
        const settlement = await market.settlementOf(request.requestId);
        expect(settlement).toMatchObject({ state: SettlementState.VOIDED, voidReason: reason, fee: "" });
        expect(settlement.attempts.map(({ outcome }) => outcome)).toEqual([reason]);
        expect(await market.balance()).toEqual({ spent: 0n, reserved: 0n });
        expect(await market.events()).toEqual([]);
        expect(await market.stateOf(provider)).toEqual({ state: ProviderState.FAILING, reason });
        expect((await market.ask()).error).toMatchObject({ code: "NO_PROVIDER_AVAILABLE" });
      }

      const lies: [string, Script, string][] = [
        // Wrong usage.
        ["units that the answer itself does not state", { outputUnits: 3n }, "USAGE_MISMATCH"],
        [
          "more output units than the answer has bytes",
          { chunks: ['{"choices":[]}'], outputUnits: 14n + 65n },
          "OUTPUT_UNITS_IMPLAUSIBLE",
        ],
        [
          "more input units than the request has bytes",
          { chunks: ["{}"], inputUnits: 400n },
          "INPUT_UNITS_IMPLAUSIBLE",
        ],
        ["a fee that does not follow from the units", { receipt: { fee: 7n } }, "FEE_WRONG"],
        ["a fee above what was reserved", { receipt: { fee: 1_000n } }, "FEE_ABOVE_RESERVATION"],
        // Wrong hash.
        ["an input that is not committed to", { receipt: { inputHash: someHash } }, "INPUT_COMMITMENT_MISMATCH"],
        ["an output that is not committed to", { receipt: { outputHash: someHash } }, "OUTPUT_COMMITMENT_MISMATCH"],
        [
          "openings that open nothing",
          { send: (message) => [receiptPart({ ...message, output: undefined })] },
          "RECEIPT_MALFORMED",
        ],
        // Other price, model, party.
        ["another price", { receipt: { priceId: someHash } }, "PRICE_MISMATCH"],
        ["another model", { receipt: { subject: someHash } }, "SUBJECT_OF_ANOTHER_QUOTE"],
        ["another consumer", { receipt: { consumer: `0x${"01".repeat(20)}` } }, "CONSUMER_MISMATCH"],
        ["another provider", { receipt: { provider: new Party("victim").address } }, "PROVIDER_MISMATCH"],
        ["another kind of work", { receipt: { kind: 2 } }, "KIND_MISMATCH"],
        ["another request", { receipt: { requestId: `0x${"00".repeat(16)}${"11".repeat(16)}` } }, "REQUEST_MISMATCH"],
        ["work that it cites", { receipt: { parents: [someHash] } }, "PARENTS_UNEXPECTED"],
        // Other times.
        ["a time long before the request", { receipt: { startedAt: 1n } }, "TIMES_IMPLAUSIBLE"],
        ["a time far in the future", { receipt: { finishedAt: BigInt(Date.UTC(2090, 0, 1)) } }, "TIMES_IMPLAUSIBLE"],
        // Signature.
        ["another key", { signer: new Party("mallory").serving }, "RECEIPT_NOT_BY_KEY"],
        [
          "no document at all",
          {
            send: (message) => [
              receiptPart({ ...message, receipt: { content: new Uint8Array(9), signature: new Uint8Array(65) } }),
            ],
          },
          "RECEIPT_MALFORMED",
        ],
        // Outcome and session.
        [
          "a cancellation that nobody asked for",
          { receipt: { outcome: receiptOutcome.cancelled } },
          "OUTCOME_MISMATCH",
        ],
        ["an answer that it calls broken", { receipt: { outcome: receiptOutcome.broken } }, "BROKEN_WORK"],
        // Truncated streams.
        [
          "a stream that ends without its end",
          { contentType: "text/event-stream", chunks: eventsOf(["one"]).slice(0, 1) },
          "ANSWER_UNFINISHED",
        ],
        ["a body that ends in its middle", { chunks: ['{"choices":[{"mess'] }, "ANSWER_UNFINISHED"],
        // No receipt.
        ["no receipt", { send: () => [] }, "RECEIPT_MISSING"],
        ["a second head", { send: () => [{ part: { $case: "head", value: headValue } }] }, "PROTOCOL_VIOLATED"],
      ];

      test.each(lies)("%s", async (_name, script, reason) => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        provider.script = script;
        await expectCaught(provider, reason);
      });

      test("a stream cut short, with the receipt for the whole", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        const chunks = eventsOf(["one", "two"]);
        provider.script = {
          contentType: "text/event-stream",
          chunks: [chunks[0] as string, chunks[2] as string],
          send: (message) => {
            const { requestId } = provider.asked.at(-1) as { requestId: Uint8Array };
            const whole = createDigest(chunks.join(""));
            provider.startNewSessions();
            const asked = provider.asked.at(-1) as Parameters<ScriptedProvider["sign"]>[0];
            expect(bytesToHex(requestId)).toBe(bytesToHex(asked.requestId));
            expect(message.output?.digest).not.toEqual(whole);
            return [receiptPart(provider.sign(asked, whole, Date.now(), receiptOutcome.complete))];
          },
        };
        await expectCaught(provider, "OUTPUT_DIGEST_MISMATCH");
      });

      test("a replayed receipt", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        expect((await market.ask()).end?.fee).toBe("12");
        await market.spent();
        const [former] = provider.journal;
        provider.script = { send: () => [receiptPart(former as NonNullable<typeof former>)] };
        const request = market.request();
        expect((await market.read(request)).error).toMatchObject({ facts: { reason: "REQUEST_MISMATCH" } });
        expect(await market.spent()).toBe(12n);
        expect(await market.stateOf(provider)).toMatchObject({ state: ProviderState.FAILING });
      });

      test("two receipts in one place of a session", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        provider.script = { forgetReceipt: true };
        expect((await market.ask()).end?.fee).toBe("12");
        await market.spent();
        const session = provider.party.nonce();
        provider.script = { receipt: { session, sequence: 0n, previous: zeroHash }, forgetReceipt: true };
        expect((await market.ask()).end?.fee).toBe("12");
        expect((await market.ask()).error).toMatchObject({ facts: { reason: "CHAIN_BROKEN" } });
        expect(await market.spent()).toBe(24n);
      });

      test("a session that does not follow from its receipts", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        expect((await market.ask()).end?.fee).toBe("12");
        provider.script = { receipt: { previous: someHash } };
        expect((await market.ask()).error).toMatchObject({ facts: { reason: "CHAIN_BROKEN" } });
      });

      test("a session that goes on after it was ended by a lie: the answer is proved, and paid in another session only", async () => {
        market = await new TestMarket(await open()).start();
        const provider = await market.join("liar");
        const session = provider.party.nonce();
        provider.script = { receipt: { session, fee: 7n }, forgetReceipt: true };
        expect((await market.ask()).error).toMatchObject({ facts: { reason: "FEE_WRONG" } });
        await waitFor(async () => (await market.stateOf(provider)).reason === "FEE_WRONG");
        // Registering anew lifts a first strike, and not the end of the session.
        await market.client.registerProvider(registrationMessage(provider, [chatOffer]));
        provider.script = { receipt: { session, sequence: 0n, previous: zeroHash } };
        const request = market.request();
        expect((await market.read(request)).end?.fee).toBe("12");
        const { results } = await market.client.submitReceipts({ receipts: provider.journal });
        expect(results).toEqual([{ accepted: false, reason: "SESSION_ENDED" }]);
        expect(await market.settlementOf(request.requestId)).toMatchObject({ state: SettlementState.RESERVED });
        const [refused] = provider.journal.splice(0);
        provider.endSession(session);
        provider.script = {};
        provider.signAgain(refused as NonNullable<typeof refused>);
        expect((await market.client.submitReceipts({ receipts: provider.journal })).results).toMatchObject([
          { accepted: true },
        ]);
        expect(await market.settlementOf(request.requestId)).toMatchObject({ fee: "12", relayed: true });
      });

      test("a lie about one request says nothing against the honest provider beside it", async () => {
        market = await new TestMarket(await open()).start();
        const liar = await market.join("liar", [{ ...chatOffer, quote: { requestPrice: 1n } }]);
        await market.join("honest");
        liar.script = { receipt: { fee: 5n } };
        expect((await market.ask()).error).toMatchObject({ code: "ANSWER_NOT_PROVED" });
        const seen = await market.ask();
        expect(seen).toMatchObject({
          head: { providerName: "honest" },
          end: { fee: "12" },
          text: completionOf("hello"),
        });
      });
    });
  });
}

function createDigest(text: string): `0x${string}` {
  return `0x${createHash("sha256").update(text).digest("hex")}`;
}
