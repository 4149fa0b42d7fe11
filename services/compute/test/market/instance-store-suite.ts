import { expect, test } from "@jest/globals";
import type { InstanceStore } from "../../src/market/reconcile/instance-store.ts";

/** What every store of leases must do. */
export function instanceStoreSuite(name: string, open: () => Promise<InstanceStore>): void {
  test(`instance store, ${name}: a lease holds until its moment, is renewed, and is forgotten`, async () => {
    const store = await open();
    await store.renew("a", 100);
    await store.renew("b", 200);
    expect(await store.lapsed(99)).toEqual([]);
    expect(await store.lapsed(100)).toEqual(["a"]);
    await store.renew("a", 300);
    expect(await store.lapsed(200)).toEqual(["b"]);
    await store.forget("b");
    await store.forget("nobody");
    expect(await store.lapsed(1_000)).toEqual(["a"]);
  });
}
