import { describe, expect, test } from "@jest/globals";
import { domain, TestProvider } from "../../test/fixture/provider.ts";
import { OfferReader } from "./offer-reader.ts";

describe("reading offers", () => {
  test("an offer that came before is the same object, whatever order they come in", () => {
    const reader = new OfferReader({ domain });
    const [a, b] = [new TestProvider("a").wire, new TestProvider("b").wire];
    const first = reader.read(a);
    expect(first).toMatchObject({
      manifestHash: new TestProvider("a").manifestHash,
      priceId: new TestProvider("a").priceId,
    });
    reader.read(b);
    expect(reader.read({ ...a })).toBe(first);
  });

  test("what can not be read is left out", () => {
    const reader = new OfferReader({ domain });
    const { manifest, quote } = new TestProvider("a").wire;
    const broken = [
      { manifest, quote: undefined },
      { manifest: Buffer.from("{}"), quote },
      { manifest, quote: { ...quote, content: quote.content.subarray(1) } },
    ];
    for (const offer of broken) expect(reader.read(offer)).toBeUndefined();
    expect(reader.read({ manifest, quote })).toBeDefined();
  });
});
