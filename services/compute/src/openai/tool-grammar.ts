import type { Constraint } from "../engine/generator.ts";
import { invalidParameter } from "./api-error.ts";
import { choice, literal } from "./grammar/gbnf.ts";
import { SchemaGrammar } from "./grammar/schema-grammar.ts";
import type { ToolChoice } from "./tool-parameters.ts";

/** How a call is written: the form that ChatML models are trained on, with fixed spacing so that it can be read as it comes. */
export const callStart = "<tool_call>";
const callEnd = "</tool_call>";
export const argumentsMarker = '"arguments": ';
const anyText = "[^\\x00]*";
const parallelCallsMax = 8;

/** The grammar that answers with tools follow: calls alone, or, when the model may choose, calls or any text. */
export function toolConstraint({ tools, mode, parallel }: ToolChoice): Constraint {
  const grammar = new SchemaGrammar("tools");
  const calls = tools.map((tool) => {
    const { type } = tool.parameters ?? {};
    if (type !== undefined && type !== "object") {
      throw invalidParameter(
        "tools",
        `Parameters of '${tool.name}' are not of type object.`,
        "invalid_function_parameters",
      );
    }
    const declared = tool.parameters !== undefined && Object.keys(tool.parameters).length > 0;
    const values = declared ? grammar.add({ type: "object", ...tool.parameters }) : grammar.anyObject();
    const start = `${callStart}\n{"name": ${JSON.stringify(tool.name)}, ${argumentsMarker}`;
    return `${literal(start)} ${values} ${literal(`}\n${callEnd}`)}`;
  });
  const call = grammar.gbnf.rule(choice(calls));
  const more = parallel ? ` (${literal("\n")} ${call}){0,${parallelCallsMax - 1}}` : "";
  if (mode === "required") return { grammar: grammar.gbnf.build(`${call}${more}`) };
  return { grammar: grammar.gbnf.build(`${call}${more} | ${otherText()}`), trigger: callStart };
}

/** Every text that does not start with a call. */
function otherText(): string {
  const branches = [...callStart].map((character, index) => {
    const start = index === 0 ? "" : `${literal(callStart.slice(0, index))} `;
    return `${start}([^${character}] ${anyText})?`;
  });
  return choice(branches);
}
