import { describe, expect, test } from "@jest/globals";
import { pathOfRoute, type Route, routeFromPath } from "./route.ts";

describe("routes", () => {
  test.each<[string, Route]>([
    ["/", { page: "chat", conversationId: null }],
    ["/index.html", { page: "chat", conversationId: null }],
    ["/chat", { page: "chat", conversationId: null }],
    ["/chat/", { page: "chat", conversationId: null }],
    ["/chat/3f2a-77", { page: "chat", conversationId: "3f2a-77" }],
    ["/receipts", { page: "receipts", receiptId: null }],
    ["/receipts/req_00ff", { page: "receipts", receiptId: "req_00ff" }],
    ["/network", { page: "network" }],
    ["/contributions/", { page: "contributions" }],
    ["/keys", { page: "keys" }],
    ["/keys/7", { page: "not-found" }],
    ["/chat/a/b", { page: "not-found" }],
    ["/chat/%2e%2e", { page: "not-found" }],
    ["/chat/<script>", { page: "not-found" }],
    ["/nowhere", { page: "not-found" }],
  ])("%s", (path, route) => expect(routeFromPath(path)).toEqual(route));

  test.each<Route>([
    { page: "chat", conversationId: null },
    { page: "chat", conversationId: "abc" },
    { page: "receipts", receiptId: `0x${"ab".repeat(32)}` },
    { page: "network" },
    { page: "contributions" },
    { page: "keys" },
  ])("%p has a path of its own", (route) => expect(routeFromPath(pathOfRoute(route))).toEqual(route));
});
