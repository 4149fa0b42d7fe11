import { Template } from "@huggingface/jinja";
import { EngineError } from "../errors.ts";
import type { ChatMessage, ToolFunction } from "../generator.ts";

/** Special tokens that templates refer to. */
export interface TemplateTokens {
  readonly bos: string;
  readonly eos: string;
}

const callStart = "<tool_call>";

/** A chat template from a model file, ready to render. Templates that do not know tools get them explained in a system message. */
export class ChatPrompt {
  readonly #template: Template;
  readonly #tokens: TemplateTokens;
  readonly #knowsTools: boolean;

  constructor(source: string, tokens: TemplateTokens) {
    this.#template = new Template(source);
    this.#tokens = tokens;
    // A template that teaches another call format would contradict the grammar that the answer is held to.
    this.#knowsTools = source.includes("tools") && source.includes(callStart);
  }

  /** The prompt text up to where the assistant speaks; throws TEMPLATE_REFUSED when the template rejects the messages. */
  render(messages: readonly ChatMessage[], tools: readonly ToolFunction[]): string {
    const own = this.#knowsTools;
    const prepared = own ? messages.map(templateMessage) : explainTools(messages.map(plainMessage), tools);
    try {
      return this.#template.render({
        messages: prepared,
        add_generation_prompt: true,
        bos_token: this.#tokens.bos,
        eos_token: this.#tokens.eos,
        ...(own && tools.length > 0 ? { tools: tools.map((tool) => ({ type: "function", function: tool })) } : {}),
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "the template failed";
      throw new EngineError({ code: "TEMPLATE_REFUSED", reason: reason.slice(0, 500) }, { cause });
    }
  }
}

function templateMessage(message: ChatMessage): Record<string, unknown> {
  const { tool_calls: calls, ...rest } = message;
  if (calls === undefined) return rest;
  return {
    ...rest,
    tool_calls: calls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: parsedArguments(call.arguments) },
    })),
  };
}

/** Writes calls and their results into the text, for templates that know neither. */
function plainMessage(message: ChatMessage): ChatMessage {
  if (message.role === "tool") {
    return { role: "user", content: `<tool_response>\n${message.content}\n</tool_response>` };
  }
  if (message.tool_calls === undefined) return { role: message.role, content: message.content };
  const calls = message.tool_calls.map(
    (call) => `${callStart}\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n</tool_call>`,
  );
  return { role: message.role, content: [message.content, ...calls].filter((part) => part !== "").join("\n") };
}

function explainTools(messages: readonly ChatMessage[], tools: readonly ToolFunction[]): readonly ChatMessage[] {
  if (tools.length === 0) return messages;
  const explanation = [
    "You can call these functions:",
    ...tools.map((tool) => JSON.stringify(tool)),
    "To call one, answer only with:",
    `${callStart}\n{"name": "<function name>", "arguments": {<arguments>}}\n</tool_call>`,
  ].join("\n");
  const [first, ...rest] = messages;
  if (first?.role !== "system") return [{ role: "system", content: explanation }, ...messages];
  return [{ role: "system", content: `${first.content}\n\n${explanation}` }, ...rest];
}

function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
