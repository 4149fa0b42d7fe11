import { describe, expect, test } from "@jest/globals";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatNote, parseNote } from "@koinon/tlog/note";
import { createSignerKey, formatVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import { cosignNote, signNote } from "@koinon/tlog/note-signature";
import { type Bundle, createBundle } from "../src/bundle.ts";
import { commitmentOf, digestOf } from "../src/commitment.ts";
import { documentId, signDocument } from "../src/document.ts";
import { encodeLogEntry } from "../src/log-entry.ts";
import { type Quote, quoteDocument, quoteFee } from "../src/quote.ts";
import { receiptDocument, zeroHash } from "../src/receipt.ts";
import type { Trust } from "../src/trust.ts";
import type { VerifyOptions } from "../src/verify/evidence.ts";
import { verifyBundle } from "../src/verify/verify-bundle.ts";
import { certify, createWorld, domain, prove, type World } from "./world.ts";

/** The names of the steps that failed; a bundle without any is valid. */
function failures(bundle: Bundle, trust: Trust, options: VerifyOptions = {}): string[] {
  const result = verifyBundle(createBundle(bundle), trust, options);
  const failed = result.steps.filter(({ status }) => status === "failed").map(({ name }) => name);
  expect(result.valid).toBe(failed.length === 0);
  expect(result.textChecked && !result.valid).toBe(false);
  return failed;
}

const first = createWorld();
const later = createWorld({ seed: "later", sequence: 2 });
const previousOf = (world: World) => world.bundle.previous as NonNullable<Bundle["previous"]>;

describe("a whole forged world", () => {
  test("consistent in itself under other keys, it is of an unknown provider and log", () => {
    const forged = createWorld({ seed: "forged" });
    expect(failures(forged.bundle, forged.trust)).toEqual([]);
    expect(failures(forged.bundle, first.trust)).toEqual(["provider-root", "log-identity"]);
    const result = verifyBundle(createBundle(forged.bundle), first.trust);
    expect(result.anchors.map(({ kind }) => kind)).toEqual(["network"]);
  });

  test("under the origin of the true log, its checkpoint is not signed by that log", () => {
    const forged = createWorld({ seed: "forged" });
    const trueLog = { origin: forged.trust.logs[0]?.origin ?? "", vkey: first.trust.logs[0]?.vkey ?? "" };
    const trust = { ...forged.trust, logs: [trueLog] };
    expect(failures(forged.bundle, trust)).toEqual(["checkpoint-signature"]);
  });

  test("naming the true provider, its certificate is not signed by that provider's root", () => {
    const forged = createWorld({ seed: "forged" });
    const claimed = { ...forged.bundle.receipt.document, provider: first.root.address };
    const receipt = signDocument(receiptDocument, claimed, { domain, signer: forged.serving });
    const stolen = {
      ...forged.bundle.certificate,
      document: { ...forged.bundle.certificate.document, root: first.root.address },
    };
    const steps = failures({ ...forged.bundle, receipt, certificate: stolen }, first.trust);
    expect(steps).toEqual(["serving-key", "quote", "log-identity"]);
  });

  test("of another network, signatures do not carry over", () => {
    expect(failures(first.bundle, { ...first.trust, chainId: 1n })).toEqual([
      "serving-key",
      "quote",
      "receipt-signature",
    ]);
    const contract = `0x${"01".repeat(20)}` as const;
    expect(failures(first.bundle, { ...first.trust, verifyingContract: contract })).toContain("serving-key");
  });

  test("nothing is trusted by an empty trust file", () => {
    const empty: Trust = { ...first.trust, logs: [], providers: [] };
    expect(failures(first.bundle, empty)).toEqual(["provider-root", "log-identity"]);
  });
});

describe("bytes", () => {
  const { request, response } = first.options;

  test("of another request or another answer are noticed", () => {
    const other = new TextEncoder().encode("Forty-two.");
    expect(failures(first.bundle, first.trust, { request, response })).toEqual([]);
    expect(failures(first.bundle, first.trust, { request, response: other })).toEqual(["response-bytes"]);
    expect(failures(first.bundle, first.trust, { request: other, response })).toEqual(["request-bytes"]);
    expect(failures(first.bundle, first.trust, { request: response, response: request })).toEqual([
      "request-bytes",
      "response-bytes",
    ]);
    expect(failures(first.bundle, first.trust, { response: response.subarray(0, -1) })).toEqual(["response-bytes"]);
    expect(failures(first.bundle, first.trust, { response: new Uint8Array(0) })).toEqual(["response-bytes"]);
  });

  test("that were not given are said not to have been checked", () => {
    const result = verifyBundle(createBundle(first.bundle), first.trust, { request });
    expect(result).toMatchObject({ valid: true, textChecked: false });
    const step = result.steps.find(({ name }) => name === "response-bytes");
    expect(step).toMatchObject({ status: "skipped", detail: expect.stringContaining("not checked") });
  });

  test("can not be matched by giving openings of another answer to a true receipt", () => {
    const other = new TextEncoder().encode("Forty-two.");
    const output = { ...first.bundle.openings.output, digest: digestOf(other) };
    const bundle = { ...first.bundle, openings: { ...first.bundle.openings, output } };
    expect(failures(bundle, first.trust, { response: other })).toEqual(["commitments"]);
    const swapped = { input: first.bundle.openings.output, output: first.bundle.openings.input };
    expect(failures({ ...first.bundle, openings: swapped }, first.trust)).toEqual(["commitments"]);
  });

  test("can not be matched by changing the commitment in the receipt", () => {
    const opening = { blinding: bytesToHex(first.random("new")), digest: digestOf(new Uint8Array([1])) };
    const document = { ...first.bundle.receipt.document, outputHash: commitmentOf(opening) };
    const bundle = {
      ...first.bundle,
      receipt: { ...first.bundle.receipt, document },
      openings: { ...first.bundle.openings, output: opening },
    };
    expect(failures(bundle, first.trust)).toEqual(["receipt-signature", "inclusion"]);
  });
});

describe("price", () => {
  const requote = (change: Partial<Quote>, signer = first.serving) =>
    signDocument(quoteDocument, { ...first.bundle.quote.document, ...change }, { domain, signer });
  /** A receipt for this quote, logged and signed: only the quote itself can be wrong. */
  const chargedUnder = (quote: Bundle["quote"]): Bundle => ({
    ...first.remake({ priceId: documentId(quoteDocument, quote.document, domain) }),
    quote,
  });

  test("of another provider", () => {
    const other = createWorld({ seed: "other provider" });
    expect(failures({ ...first.bundle, quote: other.bundle.quote }, first.trust)).toEqual(["quote"]);
    expect(failures(chargedUnder(requote({ provider: other.root.address })), first.trust)).toEqual(["quote"]);
    expect(failures(chargedUnder(requote({}, other.serving)), first.trust)).toEqual(["quote"]);
    expect(failures(chargedUnder(requote({}, first.root)), first.trust)).toEqual(["quote"]);
    expect(failures(chargedUnder(requote({})), first.trust)).toEqual([]);
  });

  test("for another model, or another version of the price", () => {
    expect(failures(chargedUnder(requote({ subject: zeroHash })), first.trust)).toEqual(["quote"]);
    expect(failures({ ...first.bundle, quote: requote({ version: 4n }) }, first.trust)).toEqual(["quote"]);
  });

  test("at the edges of its validity", () => {
    const { startedAt } = first.bundle.receipt.document;
    expect(failures(chargedUnder(requote({ validFrom: startedAt })), first.trust)).toEqual([]);
    expect(failures(chargedUnder(requote({ validFrom: startedAt + 1n })), first.trust)).toEqual(["quote"]);
    expect(failures(chargedUnder(requote({ validUntil: startedAt + 1n })), first.trust)).toEqual([]);
    expect(failures(chargedUnder(requote({ validUntil: startedAt })), first.trust)).toEqual(["quote"]);
  });

  test("the fee is off by one micro-credit, or the units are", () => {
    const { fee, inputUnits } = first.bundle.receipt.document;
    expect(failures(first.remake({ fee: fee + 1n }), first.trust)).toEqual(["fee"]);
    expect(failures(first.remake({ fee: fee - 1n }), first.trust)).toEqual(["fee"]);
    expect(failures(first.remake({ inputUnits: inputUnits + 1_000_000n }), first.trust)).toEqual(["fee"]);
  });

  test("beyond what a fee can be, it is invalid and nothing throws", () => {
    const quote = requote({ requestPrice: 2n ** 128n - 1n });
    expect(failures(chargedUnder(quote), first.trust)).toEqual(["fee"]);
  });

  test("a broken answer is never charged", () => {
    expect(failures(first.remake({ outcome: 2 }), first.trust)).toEqual(["fee"]);
    expect(failures(first.remake({ outcome: 1 }), first.trust)).toEqual([]);
    expect(quoteFee(first.bundle.quote.document, first.bundle.receipt.document)).toBe(
      first.bundle.receipt.document.fee,
    );
  });
});

describe("keys", () => {
  const { finishedAt } = first.bundle.receipt.document;
  const withCertificate = (change: Parameters<typeof certify>[3], signer = first.root): Bundle => ({
    ...first.bundle,
    certificate: certify(signer, first.serving, 1n, change),
  });

  test("a certificate that had expired, or was not yet valid", () => {
    expect(failures(withCertificate({ notAfter: finishedAt }), first.trust)).toEqual([]);
    expect(failures(withCertificate({ notAfter: finishedAt - 1n }), first.trust)).toEqual(["serving-key"]);
    expect(failures(withCertificate({ notBefore: finishedAt }), first.trust)).toEqual([]);
    expect(failures(withCertificate({ notBefore: finishedAt + 1n }), first.trust)).toEqual(["serving-key"]);
  });

  test("a key certified for another purpose", () => {
    for (const purpose of ["settlement", "custody", "consensus", "witness"]) {
      expect(failures(withCertificate({ purpose }), first.trust)).toEqual(["serving-key"]);
    }
  });

  test("a certificate by somebody else, of somebody else, or for another key", () => {
    const other = createWorld({ seed: "other" });
    expect(failures(withCertificate({ root: first.root.address }, other.root), first.trust)).toEqual(["serving-key"]);
    expect(failures({ ...first.bundle, certificate: other.bundle.certificate }, first.trust)).toEqual([
      "serving-key",
      "quote",
      "receipt-signature",
    ]);
    expect(failures(withCertificate({ key: other.serving.address }), first.trust)).toEqual([
      "quote",
      "receipt-signature",
    ]);
  });

  test("a receipt signed by the root key itself, or by an uncertified key", () => {
    for (const signer of [first.root, createSigner(first.random("stray"))]) {
      const receipt = signDocument(receiptDocument, first.bundle.receipt.document, { domain, signer });
      expect(failures({ ...first.bundle, receipt }, first.trust)).toEqual(["receipt-signature", "inclusion"]);
    }
  });

  test("times in the future are refused when the caller knows the time", () => {
    const clockSkewMs = 300_000;
    const world = createWorld({ seed: "future", witnesses: 1, threshold: 1 });
    const edge = Number(world.bundle.receipt.document.finishedAt) - clockSkewMs;
    expect(failures(world.bundle, world.trust)).toEqual([]);
    expect(failures(world.bundle, world.trust, { now: edge + 10_000 })).toEqual([]);
    expect(failures(world.bundle, world.trust, { now: edge })).toEqual(["witnesses"]);
    expect(failures(world.bundle, world.trust, { now: edge - 1 })).toEqual(["receipt-signature", "witnesses"]);
  });
});

describe("model", () => {
  test("another manifest, or work of another kind", () => {
    const manifest = { ...first.bundle.manifest, quantisation: "F16" };
    expect(failures({ ...first.bundle, manifest }, first.trust)).toEqual(["manifest"]);
    expect(failures(first.remake({ kind: 2 }), first.trust)).toEqual(["manifest"]);
  });
});

describe("session", () => {
  test("the predecessor is missing, or there is one too many", () => {
    expect(failures({ ...later.bundle, previous: null }, later.trust)).toEqual(["session-chain"]);
    const previous = {
      receipt: first.bundle.receipt,
      certificate: first.bundle.certificate,
      inclusion: first.bundle.inclusion,
    };
    expect(failures({ ...first.bundle, previous }, first.trust)).toEqual(["session-chain"]);
  });

  test("the receipt names another predecessor, session, consumer or number", () => {
    const changes = [
      { previous: `0x${"77".repeat(32)}` },
      { session: `0x${"77".repeat(32)}` },
      { consumer: `0x${"77".repeat(20)}` },
      { sequence: 3n },
      { sequence: 1n },
    ] as const;
    for (const change of changes) expect(failures(later.remake(change), later.trust)).toEqual(["session-chain"]);
    expect(failures(later.remake({}), later.trust)).toEqual([]);
  });

  test("a session that starts anew in the middle drops its receipts: the number says so", () => {
    const bundle = { ...later.remake({ sequence: 0n, previous: zeroHash }) };
    expect(failures(bundle, later.trust)).toEqual(["session-chain"]);
    // Honestly the first of a session, it is valid: dropping earlier receipts needs a new session.
    expect(failures({ ...bundle, previous: null }, later.trust)).toEqual([]);
  });

  test("the predecessor's own certificate counts", () => {
    const previous = previousOf(later);
    const { finishedAt } = previous.receipt.document;
    const change = (certificate: Bundle["certificate"]): Bundle => ({
      ...later.bundle,
      previous: { ...previous, certificate },
    });
    const epochs = (epoch: bigint) => change(certify(later.root, later.serving, epoch));
    expect(
      failures(change(certify(later.root, later.serving, 1n, { notAfter: finishedAt - 1n })), later.trust),
    ).toEqual(["session-chain"]);
    expect(failures(change(certify(later.root, later.serving, 1n, { purpose: "witness" })), later.trust)).toEqual([
      "session-chain",
    ]);
    expect(failures(epochs(0n), later.trust)).toEqual([]);
    expect(failures(epochs(2n), later.trust)).toEqual(["session-chain"]);
    const stranger = createWorld({ seed: "stranger" });
    expect(failures(change(stranger.bundle.certificate), later.trust)).toEqual(["session-chain"]);
    expect(failures(change(certify(later.root, stranger.serving, 1n)), later.trust)).toEqual(["session-chain"]);
  });

  test("two keys of one epoch are not one provider's session", () => {
    const world = createWorld({ seed: "rotated", sequence: 1, rotated: true });
    expect(failures(world.bundle, world.trust)).toEqual([]);
    const certificate = certify(world.root, world.serving, 1n);
    expect(failures({ ...world.bundle, certificate }, world.trust)).toEqual(["session-chain"]);
  });

  test("the predecessor lies later in the log", () => {
    // The same two receipts, logged in the wrong order.
    const { previous, inclusion, receipt } = later.bundle;
    const entries = [...later.entries];
    const [older, newer] = [Number(previous?.inclusion.index), Number(inclusion.index)];
    entries[older] = encodeLogEntry({ type: "receipt", signed: receipt });
    entries[newer] = encodeLogEntry({ type: "receipt", signed: previousOf(later).receipt });
    const bundle: Bundle = {
      ...later.bundle,
      previous: { ...previousOf(later), inclusion: prove(entries, newer) },
      inclusion: prove(entries, older),
      checkpoint: later.checkpointOf(entries),
    };
    expect(failures(bundle, later.trust)).toEqual(["session-chain"]);
  });
});

describe("log", () => {
  test("a proof of another leaf, of another tree, or under another checkpoint of the same log", () => {
    for (let index = 0; index < first.entries.length; index++) {
      const inclusion = prove(first.entries, index);
      const expected = BigInt(index) === first.bundle.inclusion.index ? [] : ["inclusion"];
      expect(failures({ ...first.bundle, inclusion }, first.trust)).toEqual(expected);
    }
    const checkpoint = first.checkpointOf(first.entries.slice(0, -1));
    expect(failures({ ...first.bundle, checkpoint }, first.trust)).toEqual(["inclusion"]);
    const without = first.checkpointOf(
      first.entries.filter((_, index) => BigInt(index) !== first.bundle.inclusion.index),
    );
    expect(failures({ ...first.bundle, checkpoint: without }, first.trust)).toEqual(["inclusion"]);
    const empty = { index: 0n, hashes: [] };
    expect(failures({ ...first.bundle, inclusion: empty }, first.trust)).toEqual(["inclusion"]);
    expect(failures({ ...first.bundle, inclusion: empty, checkpoint: first.checkpointOf([]) }, first.trust)).toEqual([
      "inclusion",
    ]);
  });

  test("the predecessor's proof is checked too", () => {
    const previous = { ...previousOf(later), inclusion: { ...previousOf(later).inclusion, index: 0n } };
    expect(failures({ ...later.bundle, previous }, later.trust)).toEqual(["inclusion"]);
  });

  test("checkpoints that are no checkpoints", () => {
    for (const checkpoint of [
      "",
      "x",
      "a\n1\nb\n\n",
      first.bundle.checkpoint.trimEnd(),
      ` ${first.bundle.checkpoint}`,
    ]) {
      const result = verifyBundle(createBundle({ ...first.bundle, checkpoint }), first.trust);
      expect([checkpoint, result.valid]).toEqual([checkpoint, false]);
      expect(result.steps.filter(({ status }) => status === "skipped").map(({ name }) => name)).toContain("inclusion");
    }
  });

  test("a log may be one of several that are known", () => {
    const other = createWorld({ seed: "other log" });
    const trust = { ...first.trust, logs: [...other.trust.logs, ...first.trust.logs] };
    expect(failures(first.bundle, trust)).toEqual([]);
    expect(failures({ ...first.bundle, checkpoint: other.bundle.checkpoint }, trust)).toEqual(["inclusion"]);
  });
});

describe("witnesses", () => {
  const world = createWorld({ seed: "witnessed", witnesses: 3, threshold: 2 });
  const note = parseNote(world.bundle.checkpoint);
  const withLines = (lines: typeof note.signatures): Bundle => ({
    ...world.bundle,
    checkpoint: formatNote({ text: note.text, signatures: [...lines] }),
  });
  const [logLine, one, two, three] = note.signatures as [never, never, never, never];

  test("the threshold at its edge", () => {
    expect(failures(withLines([logLine, one, two, three]), world.trust)).toEqual([]);
    expect(failures(withLines([logLine, one, three]), world.trust)).toEqual([]);
    expect(failures(withLines([logLine, one]), world.trust)).toEqual(["witnesses"]);
    expect(failures(withLines([logLine]), world.trust)).toEqual(["witnesses"]);
    const zero = { ...world.trust, witnesses: { ...world.trust.witnesses, threshold: 0 } };
    expect(failures(withLines([logLine]), zero)).toEqual([]);
  });

  test("one witness twice is one witness, and the log is none", () => {
    expect(failures(withLines([logLine, one, one]), world.trust)).toEqual(["witnesses"]);
    expect(failures(withLines([logLine, one, two, two]), world.trust)).toEqual(["witnesses"]);
    expect(failures(withLines([one, two, three]), world.trust)).toEqual(["checkpoint-signature"]);
    expect(failures(withLines([logLine, logLine, one, two]), world.trust)).toEqual(["checkpoint-signature"]);
  });

  test("a line of nobody known makes the bundle invalid, also beyond the threshold", () => {
    const stranger = createSignerKey("stranger.example", "cosignature", world.random("stranger"), nodeEd25519);
    const line = cosignNote(note.text, stranger, 1_700_000_000n, nodeEd25519);
    expect(failures(withLines([logLine, one, two, three, line]), world.trust)).toEqual(["witnesses"]);
    const known = {
      ...world.trust,
      witnesses: { vkeys: [...world.trust.witnesses.vkeys, formatVerifierKey(stranger)], threshold: 4 },
    };
    expect(failures(withLines([logLine, one, two, three, line]), known)).toEqual([]);
  });

  test("a cosignature of another checkpoint, or of another time, does not count", () => {
    const other = parseNote(world.checkpointOf(world.entries.slice(0, 1)));
    expect(failures(withLines([logLine, one, other.signatures[2] as never]), world.trust)).toEqual(["witnesses"]);
    const line = {
      ...(two as { signature: Uint8Array }),
      signature: (two as { signature: Uint8Array }).signature.slice(),
    };
    line.signature[7] = (line.signature[7] as number) ^ 1;
    expect(failures(withLines([logLine, one, line as never]), world.trust)).toEqual(["witnesses"]);
  });

  test("a witness can not sign in the log's place under the log's name", () => {
    const logName = (note.signatures[0] as { name: string }).name;
    const impostor = createSignerKey(logName, "ed25519", world.random("impostor"), nodeEd25519);
    const line = signNote(note.text, impostor, nodeEd25519);
    expect(failures(withLines([line, one, two]), world.trust)).toEqual(["checkpoint-signature"]);
    const names: VerifierKey["name"][] = world.trust.witnesses.vkeys.map((vkey) => vkey.split("+")[0] as string);
    expect(names).not.toContain(logName);
  });
});
