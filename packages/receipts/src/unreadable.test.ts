import { expect, test } from "@jest/globals";
import { DomainError } from "@koinon/errors/domain-error";
import { bundleBytesMax, parseBundle } from "./bundle.ts";
import { parseTrust } from "./trust.ts";
import { describeUnreadable } from "./unreadable.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function words(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DomainError) return describeUnreadable(error);
    throw error;
  }
  return "it can be read";
}

test.each([
  ["nothing", () => parseTrust(bytes("")), "it is not JSON: a value was expected (offset 0)"],
  ["no UTF-8", () => parseBundle(Uint8Array.of(0xff)), "it is not JSON: not UTF-8 (offset 0)"],
  ["no object", () => parseBundle(bytes("[]")), "it is not an object"],
  ["a member twice", () => parseTrust(bytes('{"a":1,"a":2}')), 'the member "a" is there twice'],
  [
    "another format",
    () => parseTrust(bytes('{"format":"koinon.bundle/1"}')),
    "its member format is wrong: not koinon.trust/1 or koinon.trust/2",
  ],
  ["too much", () => parseBundle(new Uint8Array(bundleBytesMax + 1)), "it has 1048577 bytes, and 1048576 are the most"],
])("%s is told in words", (_what, read, expected) => {
  expect(words(read)).toContain(expected);
});
