import { describe, expect, test } from "@jest/globals";
import { safeLink } from "./safe-link.ts";

describe("links", () => {
  test.each(["https://example.org/a?b=c#d", "http://127.0.0.1/", "mailto:a@example.org"])(
    "%s may be offered",
    (href) => {
      expect(safeLink(href)).toBe(href);
    },
  );

  test.each([
    "javascript:alert(1)",
    " java\nscript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.org/1",
    "/keys",
    "#key=sk-koinon-1",
    "//example.org/x",
    "",
    `https://example.org/${"x".repeat(3000)}`,
  ])("%j may not", (href) => expect(safeLink(href)).toBeNull());
});
