import { describe, expect, test } from "@jest/globals";
import { alertRules, allQueries, seriesOf } from "./queries.ts";

describe("dashboards and alerts", () => {
  test("every expression is PromQL that reads at least one series", () => {
    const unusable = allQueries().filter(({ expression }) => (seriesOf(expression)?.size ?? 0) === 0);
    expect(unusable).toEqual([]);
  });

  test("the reader of expressions finds series, selected and grouping labels, and errors", () => {
    const read = seriesOf('sum by (le, code) (rate(a_bucket{namespace=~"$n"}[5m])) / max by (pod) (b) > 0.5');
    expect([...(read ?? [])].map(([name, labels]) => [name, [...labels].sort()])).toEqual([
      ["a_bucket", ["code", "le", "namespace"]],
      ["b", ["pod"]],
    ]);
    expect(seriesOf("sum by (a rate(b)")).toBeUndefined();
  });

  test("every alert has a name of its own, a severity, what is wrong and what to do", () => {
    const rules = alertRules();
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect([alert, labels, annotations]).toEqual([
        expect.stringMatching(/^Koinon[A-Z]\w+$/),
        { severity: expect.stringMatching(/^(page|ticket)$/) },
        { summary: expect.stringMatching(/\.$/), action: expect.stringMatching(/\.$/) },
      ]);
    }
  });
});
