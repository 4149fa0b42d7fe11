/** A node that client scripts run against. */
export interface Target {
  /** Which node it is, for messages. */
  readonly name: string;
  readonly http: string;
  readonly ws: string;
  stop(): Promise<void>;
}

/** What a client saw, step by step; two nodes must show the same. */
export class Observations {
  readonly steps: { readonly step: string; readonly seen: unknown }[] = [];

  /** Notes what a step showed; bigints as decimal text. */
  see(step: string, seen: unknown): void {
    const text = JSON.stringify(seen ?? null, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    this.steps.push({ step, seen: JSON.parse(text) as unknown });
  }

  /** Notes how a step failed, by what `pick` takes from the error. */
  async seeFailure(step: string, action: () => Promise<unknown>, pick: (error: unknown) => unknown): Promise<void> {
    try {
      this.see(step, { unexpected: await action() });
    } catch (error) {
      this.see(step, pick(error));
    }
  }
}
