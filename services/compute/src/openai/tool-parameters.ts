import type { ToolFunction } from "../engine/generator.ts";
import { RequestReader } from "./request-reader.ts";

/** What the model may, must or must not call. */
export interface ToolChoice {
  readonly tools: readonly ToolFunction[];
  /** `auto` lets the model choose between text and calls, `required` forces a call. */
  readonly mode: "auto" | "required";
  readonly parallel: boolean;
}

const toolsMax = 128;
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;

/** Reads tools, tool_choice and parallel_tool_calls; undefined when nothing may be called. */
export function readTools(request: RequestReader): ToolChoice | undefined {
  for (const name of ["functions", "function_call"]) {
    if (request.has(name))
      throw request.invalid(name, "deprecated; use 'tools' and 'tool_choice'.", "unsupported_parameter");
  }
  const tools = (request.array("tools", toolsMax) ?? []).map((tool, index) =>
    readTool(RequestReader.of(tool, `tools[${index}]`)),
  );
  const names = new Set(tools.map((tool) => tool.name));
  if (names.size !== tools.length) throw request.invalid("tools", "two functions have the same name.", "invalid_value");
  const parallel = request.boolean("parallel_tool_calls") ?? true;
  const choice = request.raw("tool_choice") ?? "auto";
  if (typeof choice !== "string") return { tools: [namedTool(request, tools)], mode: "required", parallel: false };
  const mode = request.oneOf("tool_choice", ["none", "auto", "required"]) ?? "auto";
  if (tools.length === 0) {
    if (mode === "required") throw request.invalid("tool_choice", "there are no 'tools' to call.", "invalid_value");
    return undefined;
  }
  return mode === "none" ? undefined : { tools, mode, parallel };
}

function readTool(tool: RequestReader): ToolFunction {
  tool.required("type", tool.oneOf("type", ["function"]));
  const declared = tool.required("function", tool.object("function"));
  const name = declared.required("name", declared.string("name"));
  if (!namePattern.test(name)) throw declared.invalid("name", "letters, digits, _ and -, at most 64.", "invalid_value");
  const description = declared.string("description");
  const parameters = declared.has("parameters")
    ? declared.object("parameters") && (declared.raw("parameters") as Record<string, unknown>)
    : undefined;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

function namedTool(request: RequestReader, tools: readonly ToolFunction[]): ToolFunction {
  const choice = RequestReader.of(request.raw("tool_choice"), "tool_choice");
  choice.required("type", choice.oneOf("type", ["function"]));
  const named = choice.required("function", choice.object("function"));
  const name = named.required("name", named.string("name"));
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw named.invalid("name", `'${name}' is not among 'tools'.`, "invalid_value");
  return tool;
}
