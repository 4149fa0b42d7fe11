import { describe, expect, test } from "@jest/globals";
import { GatewayCallError } from "../gateway/fault.ts";
import { PagedList } from "./paged-list.ts";

describe("paged list", () => {
  test("reads page after page, and starts anew on refresh", async () => {
    const pages: Record<string, { items: number[]; nextPageToken: string }> = {
      "": { items: [1, 2], nextPageToken: "a" },
      a: { items: [3], nextPageToken: "" },
    };
    const list = new PagedList<number>(async (token) => pages[token] as (typeof pages)[string]);
    await list.refresh();
    expect(list.state.get()).toMatchObject({ items: [1, 2], hasMore: true });
    await list.more();
    expect(list.state.get()).toMatchObject({ items: [1, 2, 3], hasMore: false });
    await list.more();
    expect(list.state.get().items).toHaveLength(3);
    await list.refresh();
    expect(list.state.get().items).toEqual([1, 2]);
  });

  test("a failure keeps what is there", async () => {
    let fails = false;
    const list = new PagedList<number>(async () => {
      if (fails) throw new GatewayCallError({ code: "UNREACHABLE" });
      return { items: [1], nextPageToken: "" };
    });
    await list.refresh();
    fails = true;
    await list.refresh();
    expect(list.state.get()).toEqual({ items: [1], hasMore: false, isLoading: false, fault: { code: "UNREACHABLE" } });
  });

  test("is bounded", async () => {
    const list = new PagedList<number>(async () => ({
      items: Array.from({ length: 900 }, () => 0),
      nextPageToken: "more",
    }));
    await list.refresh();
    await list.more();
    await list.more();
    expect(list.state.get()).toMatchObject({ hasMore: false });
    expect(list.state.get().items).toHaveLength(2_000);
  });
});
