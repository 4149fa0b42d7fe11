import { beforeAll, describe, expect, test } from "@jest/globals";
import { createBundle, parseBundle } from "@koinon/receipts/bundle";
import { unknownAnchorBlock } from "@koinon/receipts/known-blocks";
import type { Trust } from "@koinon/receipts/trust";
import { sampleAnchor } from "@koinon/solidity/sample-anchor";
import { parseCheckpoint } from "@koinon/tlog/checkpoint";
import { parseNote } from "@koinon/tlog/note";
import { encodeRequest } from "../src/chat/request-body.ts";
import type { ChainWord } from "../src/gateway/chain-node.ts";
import type { Evidence } from "../src/verification/evidence.ts";
import { markOf, verdictMark } from "../src/verification/mark-state.ts";
import { tamper, tamperTargets } from "../src/verification/tamper.ts";
import { readTrustFile } from "../src/verification/trust-file.ts";
import { failedSteps } from "../src/verification/verdict.ts";
import { allStepNames } from "../src/verification/verdict-steps.ts";
import { type VerifyContext, verifyEvidence } from "../src/verification/verify-evidence.ts";
import type { Party, PartyOffer } from "./stand-in/parties.ts";
import { createStandInNetwork } from "./stand-in/stand-in-network.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const settings = { model: "smollm2-135m-instruct", system: "", tokensMax: 100, temperature: null };
const answerText = 'Paris, since the tenth century. Ünïcödé \n"quoted"';

function responseOf(text: string): Uint8Array<ArrayBuffer> {
  const events = [{ choices: [{ delta: { content: text }, finish_reason: "stop" }] }].map(
    (value) => `data: ${JSON.stringify(value)}\n\n`,
  );
  return bytesOf(`${events.join("")}data: [DONE]\n\n`);
}

describe("evidence", () => {
  let evidence: Evidence;
  let cutShort: Evidence;
  let trust: Trust;
  let context: VerifyContext;
  const now = Date.now();

  beforeAll(async () => {
    const network = createStandInNetwork("evidence", 12);
    const { party, offer } = network.choose(settings.model, {}) as { party: Party; offer: PartyOffer };
    const request = encodeRequest(settings, [{ role: "user", content: "Capital of France?" }]);
    const serve = async (outcome: 0 | 1): Promise<Evidence> => {
      const response = responseOf(answerText);
      const requestId = network.newRequestId();
      const at = { startedAt: now - 900, finishedAt: now - 100, logDelayMs: 0 };
      const settlement = network.market.settle({
        requestId,
        party,
        offer,
        request,
        response,
        inputUnits: 12,
        outputUnits: 9,
        outcome,
        ...at,
      });
      network.market.appendDue(now);
      const bundle = new Uint8Array(await network.market.bundleOf(settlement));
      return { bundle, request, response, requestId, screen: { prompt: "Capital of France?", text: answerText } };
    };
    evidence = await serve(0);
    const stopped = await serve(1);
    const response = (stopped.response as Uint8Array<ArrayBuffer>).slice(0, 40);
    cutShort = { ...stopped, response, screen: { prompt: "Capital of France?", text: "" } };
    trust = readTrustFile(network.trustFile()).trust;
    context = { trust, now, asked: null };
  });

  const statuses = (each: Evidence): Record<string, string> =>
    Object.fromEntries(verifyEvidence(each, context).steps.map(({ name, status }) => [name, status]));
  const failing = (each: Evidence): string[] => failedSteps(verifyEvidence(each, context)).map(({ name }) => name);

  test("what was really signed passes every step, in order", () => {
    const verdict = verifyEvidence(evidence, context);
    expect(verdict.steps.map(({ name }) => name)).toEqual(allStepNames);
    const unpassed = verdict.steps.filter(({ status }) => status !== "passed");
    // Its maker anchors nothing, and its trust file does not ask for it.
    expect(unpassed.map(({ name, status }) => [name, status])).toEqual([["anchor", "skipped"]]);
    expect(verdictMark(verdict, "complete").state).toBe("verified");
  });

  test("an anchor is checked when a node vouches for its block, and says on whose word", async () => {
    const { checkpoint } = parseBundle(evidence.bundle);
    const { origin, size, root } = parseCheckpoint(parseNote(checkpoint).text);
    const { anchor, chain } = sampleAnchor({ origin, size, root });
    const anchored = { ...evidence, bundle: new Uint8Array(createBundle({ ...parseBundle(evidence.bundle), anchor })) };
    const blind = { ...trust, anchoring: { chains: [{ ...chain, blocks: [] }], required: false } };
    const block = unknownAnchorBlock(anchored.bundle, blind) ?? "0x";
    expect(chain.blocks).toContain(block);
    const rpc = "http://127.0.0.1:8545";
    const words: readonly [ChainWord, boolean, string][] = [
      [
        { kind: "finalized", number: 9n, rpc },
        true,
        `The node at ${rpc} says that it has finalized block 9, ${block}.`,
      ],
      [{ kind: "unknown", rpc }, false, `The node at ${rpc} has finalized no such block.`],
      [{ kind: "unreachable" }, false, "No node of the chain could be asked for it."],
    ];
    for (const [word, valid, told] of words) {
      const verdict = verifyEvidence(anchored, { trust: blind, now, asked: { block, word } });
      const step = verdict.steps.find(({ name }) => name === "anchor");
      expect([word.kind, verdict.valid, step?.status]).toEqual([word.kind, valid, valid ? "passed" : "failed"]);
      expect([step?.detail, verdict.block]).toEqual([expect.stringContaining(told), valid ? block : null]);
    }
  });

  test("without bytes the receipt verifies, and the mark does not claim the text", () => {
    const verdict = verifyEvidence({ ...evidence, request: null, response: null, screen: null }, context);
    expect({ valid: verdict.valid, textChecked: verdict.textChecked }).toEqual({ valid: true, textChecked: false });
    expect(verdictMark(verdict, "complete").state).toBe("partial");
  });

  test("a text on the screen that is not in the bytes fails, though the bytes are right", () => {
    const shown = { prompt: "Capital of France?", text: answerText.replace("Paris", "Parma") };
    expect(failing({ ...evidence, screen: shown })).toEqual(["screen-text"]);
    expect(failing({ ...evidence, screen: { prompt: "Capital of Italy?", text: answerText } })).toEqual([
      "screen-text",
    ]);
  });

  test("the valid bundle of another request fails", () => {
    expect(failing({ ...evidence, requestId: `req_${"0".repeat(32)}` })).toEqual(["request-id"]);
  });

  test("bytes that are not a bundle fail, and say so", () => {
    expect(failing({ ...evidence, bundle: bytesOf("{}") })).toEqual(["format"]);
    expect(verifyEvidence({ ...evidence, bundle: bytesOf("{}") }, context).facts).toBeNull();
  });

  test("a stopped answer is not a failed one, but not a verified one either", () => {
    const verdict = verifyEvidence(cutShort, context);
    expect(verdict.valid).toBe(false);
    expect(verdictMark(verdict, "stopped").state).toBe("partial");
    expect(verdictMark(verdict, "complete").state).toBe("failed");
    // A whole answer that differs is a lie, whatever the person pressed.
    const other = verifyEvidence({ ...evidence, response: responseOf("Parma"), screen: null }, context);
    expect(verdictMark(other, "stopped").state).toBe("failed");
  });

  test("another network's trust file proves nothing", () => {
    const foreign = readTrustFile(createStandInNetwork("elsewhere", 2).trustFile()).trust;
    const names = failedSteps(verifyEvidence(evidence, { ...context, trust: foreign })).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["provider-root", "log-identity"]));
  });

  test("every character that the page lets a person change makes at least one step fail", () => {
    const targets = tamperTargets(evidence);
    expect(new Set(targets.map(({ part }) => part))).toEqual(
      new Set([
        "answer",
        "question",
        "receipt",
        "quote",
        "manifest",
        "certificate",
        "openings",
        "previous",
        "inclusion",
        "checkpoint",
      ]),
    );
    const survived = targets.flatMap((target) => {
      // First, last and suggested: all positions of all fields would take minutes.
      const positions = new Set([0, target.positions - 1, target.suggested]);
      return [...positions]
        .filter((at) => failing(tamper(evidence, target, at).evidence).length === 0)
        .map((at) => `${target.id}@${at}`);
    });
    expect(survived).toEqual([]);
  });

  test.each([
    ["answer", ["response-bytes"]],
    ["question", ["request-bytes"]],
    ["receipt.fee", expect.arrayContaining(["fee", "receipt-signature"])],
    ["quote.outputPrice", expect.arrayContaining(["quote"])],
    ["manifest.name", ["manifest"]],
    ["inclusion.hashes.0", ["inclusion"]],
    ["checkpoint", expect.arrayContaining(["checkpoint-signature"])],
  ])("changing %s fails where it should", (id, names) => {
    const target = tamperTargets(evidence).find((each) => each.id === id);
    if (target === undefined) throw new Error(`no target ${id}`);
    const { evidence: changed, excerpt } = tamper(evidence, target, target.suggested);
    expect(excerpt.from).not.toBe(excerpt.to);
    expect(failing(changed)).toEqual(names);
    expect(statuses(evidence)).not.toEqual(statuses(changed));
  });

  test("the original is never touched", () => {
    const before = structuredClone(evidence);
    for (const target of tamperTargets(evidence)) tamper(evidence, target, 0);
    expect(evidence).toEqual(before);
  });

  test("marks say checking only while something is under way", () => {
    expect(markOf({ kind: "fetching", attempt: 1 }, "complete").state).toBe("checking");
    expect(markOf({ kind: "unable", reason: "no worker" }, "complete").state).toBe("pending");
  });
});
