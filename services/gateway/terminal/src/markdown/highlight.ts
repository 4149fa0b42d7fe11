import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

const lowlight = createLowlight({
  bash,
  c,
  cpp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
});

/** A piece of code of one colour. */
export interface CodePiece {
  readonly text: string;
  /** What it is, such as "keyword"; null for plain code. */
  readonly kind: string | null;
}

type Tree = ReturnType<typeof lowlight.highlight>;
type Node = Tree["children"][number];

/** Code longer than this stays plain. */
export const highlightLengthMax = 60_000;

/** The code in pieces to colour; null when the language is not known. Together the pieces are exactly the code. */
export function highlightCode(code: string, language: string): CodePiece[] | null {
  if (code.length > highlightLengthMax || !lowlight.registered(language)) return null;
  return piecesOf(lowlight.highlight(language, code).children, null);
}

function piecesOf(nodes: readonly Node[], kind: string | null): CodePiece[] {
  return nodes.flatMap((node) => {
    if (node.type === "text") return [{ text: node.value, kind }];
    if (node.type !== "element") return [];
    const [name] = Array.isArray(node.properties.className) ? node.properties.className : [];
    const own = typeof name === "string" ? name.replace(/^hljs-/, "").replace(/_$/, "") : kind;
    return piecesOf(node.children as Node[], own);
  });
}
