import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ContributionView, compareContributions } from "./contribution.ts";
import { SampleProvider } from "./sample-work.ts";

const providers = ["a", "b", "c"].map((name) => new SampleProvider(name));
const receipts = fc.array(
  fc.record({ who: fc.nat(2), kind: fc.constantFrom(1, 2), fee: fc.bigInt(0n, 2n ** 127n), at: fc.nat() }),
  { maxLength: 20 },
);

const viewOf = (list: Parameters<ContributionView["add"]>[0][]) => {
  const view = new ContributionView();
  for (const receipt of list) view.add(receipt);
  return view;
};

describe("contribution view", () => {
  test("does not depend on the order of receipts, nor on how they are split", () => {
    const samples = providers.map((provider) => provider.serve().receipt.document);
    fc.assert(
      fc.property(receipts, fc.nat(), (list, split) => {
        const documents = list.flatMap(({ who, kind, fee, at }) => {
          const sample = samples[who];
          return sample === undefined ? [] : [{ ...sample, kind, fee, finishedAt: sample.startedAt + BigInt(at) }];
        });
        const whole = viewOf(documents).list();
        expect(viewOf(documents.toReversed()).list()).toEqual(whole);
        const at = split % (documents.length + 1);
        const merged = viewOf(documents.slice(0, at));
        for (const part of viewOf(documents.slice(at)).list()) merged.merge(part);
        expect(merged.list()).toEqual(whole);
        expect(whole.reduce((sum, { fee }) => sum + fee, 0n)).toBe(documents.reduce((sum, { fee }) => sum + fee, 0n));
        expect(whole.reduce((sum, part) => sum + part.receipts, 0n)).toBe(BigInt(documents.length));
        expect(whole.toSorted(compareContributions)).toEqual(whole);
      }),
    );
  });
});
