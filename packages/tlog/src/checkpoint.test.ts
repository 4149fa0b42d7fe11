import { describe, expect, test } from "@jest/globals";
import { testKey } from "../test/test-log.ts";
import { cosignedCheckpoint } from "../test/vectors.ts";
import { type Checkpoint, formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { nodeEd25519 } from "./ed25519-node.ts";
import { decodeNote, formatNote, parseNote } from "./note.ts";
import { cosignNote } from "./note-signature.ts";
import { TlogError } from "./tlog-error.ts";

const key = testKey("koinon.local/log/test", "ed25519", 1);
const log = { origin: key.name, key };
const witness = testKey("witness.example/w", "cosignature", 2);
const checkpoint: Checkpoint = {
  origin: log.origin,
  size: 70_000n,
  root: Uint8Array.from({ length: 32 }, (_, i) => i),
  extensions: [],
};

describe("checkpoints", () => {
  test("the published one is read and written back", () => {
    const { text } = parseNote(cosignedCheckpoint);
    const parsed = parseCheckpoint(text);
    expect(parsed.origin).toBe("example.com/behind-the-sofa");
    expect(parsed.size).toBe(20852163n);
    expect(Buffer.from(parsed.root).toString("base64")).toBe("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    expect(formatCheckpoint(parsed)).toBe(text);
  });

  test("in any other spelling are refused", () => {
    const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    const bad = {
      empty: "",
      "no newline": `o\n1\n${root}`,
      "no origin": `\n1\n${root}\n`,
      "two lines": "o\n1\n",
      "leading zero": `o\n01\n${root}\n`,
      sign: `o\n+1\n${root}\n`,
      "negative size": `o\n-1\n${root}\n`,
      "too large": `o\n${2n ** 63n}\n${root}\n`,
      "no size": `o\n\n${root}\n`,
      "short root": `o\n1\n${btoa("short")}\n`,
      "stray bits": `o\n1\n${root.replace("I=", "J=")}\n`,
      "empty extension": `o\n1\n${root}\n\n`,
      "empty extension between": `o\n1\n${root}\na\n\nb\n`,
    };
    for (const [name, text] of Object.entries(bad)) {
      expect([name, faultOf(() => parseCheckpoint(text))]).toEqual([name, "CHECKPOINT_MALFORMED"]);
    }
    expect(parseCheckpoint(`o\n${2n ** 63n - 1n}\n${root}\nextension\n`).extensions).toEqual(["extension"]);
    expect(() => formatCheckpoint({ ...checkpoint, extensions: [""] })).toThrow("CHECKPOINT_MALFORMED");
    expect(() => formatCheckpoint({ ...checkpoint, origin: "a\nb" })).toThrow("CHECKPOINT_MALFORMED");
    expect(() => formatCheckpoint({ ...checkpoint, root: new Uint8Array(31) })).toThrow("CHECKPOINT_MALFORMED");
  });

  test("open with the log's key and no other", () => {
    const note = signCheckpoint(checkpoint, key);
    expect(openCheckpoint(note, log).checkpoint).toEqual(checkpoint);
    expect(() => openCheckpoint(note, { ...log, origin: "other" })).toThrow("CHECKPOINT_ORIGIN_UNKNOWN");
    expect(() => openCheckpoint(note, { ...log, key: testKey(key.name, "ed25519", 9) })).toThrow("NOTE_UNSIGNED");
  });

  test("a witness alone does not make a checkpoint", () => {
    const text = formatCheckpoint(checkpoint);
    const note = formatNote({ text, signatures: [cosignNote(text, witness, 5n)] });
    expect(() => openCheckpoint(note, log, [witness])).toThrow("NOTE_UNSIGNED");
  });

  test("changed in any byte fail, in any way", () => {
    const text = formatCheckpoint(checkpoint);
    const { signatures } = parseNote(signCheckpoint(checkpoint, key));
    const note = formatNote({ text, signatures: [...signatures, cosignNote(text, witness, 1_700_000_000n)] });
    const bytes = new TextEncoder().encode(note);
    expect(openCheckpoint(note, log, [witness], nodeEd25519).note.verified).toHaveLength(2);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80]) {
        const changed = bytes.with(at, (bytes[at] ?? 0) ^ flip);
        expect([at, flip, isDetected(changed)]).toEqual([at, flip, true]);
      }
      expect([at, isDetected(Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]))]).toEqual([at, true]);
    }
  });
});

/** A changed note does not open, or it shows that a line is not of a known key, which a strict reader refuses. */
function isDetected(bytes: Uint8Array): boolean {
  try {
    const { note } = openCheckpoint(formatNote(decodeNote(bytes)), log, [witness], nodeEd25519);
    return note.ignored.length > 0;
  } catch (error) {
    return error instanceof TlogError;
  }
}

function faultOf(run: () => unknown): string {
  try {
    run();
    return "none";
  } catch (error) {
    return error instanceof TlogError ? error.code : "another error";
  }
}
