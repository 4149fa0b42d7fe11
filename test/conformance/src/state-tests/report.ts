/** Counts of one category. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A case that failed. */
export interface FailedCase {
  readonly name: string;
  readonly reason: string;
}

/** The outcome of a suite. */
export class Report {
  readonly categories = new Map<string, Counts>();
  readonly skips = new Map<string, number>();
  readonly failures: FailedCase[] = [];

  pass(category: string): void {
    this.counts(category).passed++;
  }

  fail(category: string, name: string, reason: string): void {
    this.counts(category).failed++;
    this.failures.push({ name, reason });
  }

  skip(category: string, reason: string, cases: number): void {
    this.counts(category).skipped += cases;
    this.skips.set(reason, (this.skips.get(reason) ?? 0) + cases);
  }

  get total(): Counts {
    const total: Counts = { passed: 0, failed: 0, skipped: 0 };
    for (const { passed, failed, skipped } of this.categories.values()) {
      total.passed += passed;
      total.failed += failed;
      total.skipped += skipped;
    }
    return total;
  }

  /** The report as it is written to a file. */
  toJson(): object {
    return {
      ...this.total,
      categories: Object.fromEntries(this.categories),
      skips: Object.fromEntries(this.skips),
      failures: this.failures,
    };
  }

  /** The report for people. */
  toText(): string {
    const lines = [...this.categories].map(
      ([name, { passed, failed, skipped }]) =>
        `${name.padEnd(40)} ${String(passed).padStart(6)} passed ${String(failed).padStart(5)} failed ${String(skipped).padStart(5)} skipped`,
    );
    const { passed, failed, skipped } = this.total;
    lines.push("", `${passed} passed, ${failed} failed, ${skipped} skipped`);
    for (const [reason, cases] of this.skips) lines.push(`  skipped ${cases}: ${reason}`);
    for (const { name, reason } of this.failures.slice(0, 100)) lines.push(`  failed ${name}: ${reason}`);
    return `${lines.join("\n")}\n`;
  }

  private counts(category: string): Counts {
    let counts = this.categories.get(category);
    if (counts === undefined) {
      counts = { passed: 0, failed: 0, skipped: 0 };
      this.categories.set(category, counts);
    }
    return counts;
  }
}
