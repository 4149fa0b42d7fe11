import { describe, expect, test } from "@jest/globals";
import { testKey } from "../test/test-log.ts";
import { c2spExample, cosignedCheckpoint, enoch, peter } from "../test/vectors.ts";
import { nodeEd25519 } from "./ed25519-node.ts";
import { formatNote, formatSignatureLine, parseNote } from "./note.ts";
import { parseSignerKey, parseVerifierKey } from "./note-key.ts";
import { cosignNote, signNote, verifyNote } from "./note-signature.ts";

const peterKey = parseVerifierKey(peter.vkey);
const enochKey = parseVerifierKey(enoch.vkey);
const signedByBoth = `${peter.text}\n${peter.signatureLine}${enoch.signatureLine}`;

describe("note signatures", () => {
  test("of the published notes verify", () => {
    const example = verifyNote(parseNote(c2spExample.note), [parseVerifierKey(c2spExample.vkey)]);
    expect(example.text).toBe("This is an example message.\n");
    const both = verifyNote(parseNote(signedByBoth), [enochKey, peterKey]);
    expect(both.verified.map(({ key }) => key.name)).toEqual(["PeterNeumann", "EnochRoot"]);
    expect(both.ignored).toEqual([]);
  });

  test("are those of golang.org/x/mod for the same key and text", () => {
    expect(formatSignatureLine(signNote(peter.text, parseSignerKey(peter.skey)))).toBe(peter.signatureLine);
  });

  test("of unknown keys are ignored, but one known key must have signed", () => {
    const verified = verifyNote(parseNote(signedByBoth), [peterKey]);
    expect(verified.ignored.map(({ name }) => name)).toEqual(["EnochRoot"]);
    expect(() => verifyNote(parseNote(signedByBoth), [])).toThrow("NOTE_UNSIGNED");
    expect(() => verifyNote(parseNote(signedByBoth), [{ ...peterKey, keyId: 1 }])).toThrow("NOTE_UNSIGNED");
  });

  test("of a known key must verify, even when others do", () => {
    const note = parseNote(signedByBoth.replace("problem", "Problem"));
    expect(() => verifyNote(note, [peterKey, enochKey])).toThrow("NOTE_SIGNATURE_INVALID");
    const [first, second] = parseNote(signedByBoth).signatures;
    if (first === undefined || second === undefined) throw new Error("two lines");
    const broken = { ...second, signature: second.signature.with(5, 0) };
    expect(() => verifyNote({ text: peter.text, signatures: [first, broken] }, [peterKey, enochKey])).toThrow(
      "NOTE_SIGNATURE_INVALID",
    );
    const short = { ...first, signature: first.signature.slice(1) };
    expect(() => verifyNote({ text: peter.text, signatures: [short] }, [peterKey])).toThrow("NOTE_SIGNATURE_INVALID");
  });

  test("repeated by one key count once, and each must verify", () => {
    const key = testKey("w", "cosignature", 3);
    const [early, late] = [cosignNote("t\n", key, 100n), cosignNote("t\n", key, 200n)];
    const verified = verifyNote({ text: "t\n", signatures: [early, late] }, [key]);
    expect(verified.verified.map(({ timestamp }) => timestamp)).toEqual([100n]);
    expect(verified.ignored).toEqual([late]);
    const broken = { ...late, signature: late.signature.with(70, 1) };
    expect(() => verifyNote({ text: "t\n", signatures: [early, broken] }, [key])).toThrow("NOTE_SIGNATURE_INVALID");
  });
});

describe("cosignatures", () => {
  const key = testKey("witness.example/w", "cosignature", 7);
  const text = parseNote(cosignedCheckpoint).text;

  test("carry their time in the published form", () => {
    const published = parseNote(cosignedCheckpoint).signatures[1];
    expect(published?.signature).toHaveLength(72);
    expect(new DataView(Uint8Array.from(published?.signature ?? []).buffer).getBigUint64(0)).toBe(1679315147n);
  });

  test("sign header, time and the whole text", () => {
    const line = cosignNote(text, key, 1679315147n);
    const message = new TextEncoder().encode(`cosignature/v1\ntime 1679315147\n${text}`);
    expect(nodeEd25519.verify(line.signature.slice(8), message, key.publicKey)).toBe(true);
    const verified = verifyNote({ text, signatures: [line] }, [key], nodeEd25519);
    expect(verified.verified[0]?.timestamp).toBe(1679315147n);
  });

  test("with another time, without one, or of a plain key fail", () => {
    const line = cosignNote(text, key, 5n);
    for (let i = 0; i < 72; i++) {
      const changed = { ...line, signature: line.signature.with(i, (line.signature[i] ?? 0) ^ 1) };
      expect(() => verifyNote({ text, signatures: [changed] }, [key], nodeEd25519)).toThrow("NOTE_SIGNATURE_INVALID");
    }
    expect(() => cosignNote(text, key, 0n)).toThrow("timestamp");
    expect(() => cosignNote(text, key, 2n ** 63n)).toThrow("timestamp");
    expect(() => cosignNote(text, testKey("w", "ed25519", 7), 5n)).toThrow("NOTE_KEY_MALFORMED");
    expect(() => signNote(text, key)).toThrow("NOTE_KEY_MALFORMED");
    const plain = signNote(text, testKey(key.name, "ed25519", 7));
    expect(() => verifyNote({ text, signatures: [{ ...plain, keyId: key.keyId }] }, [key])).toThrow(
      "NOTE_SIGNATURE_INVALID",
    );
    expect(() => verifyNote(parseNote(formatNote({ text, signatures: [plain] })), [key])).toThrow("NOTE_UNSIGNED");
  });
});
