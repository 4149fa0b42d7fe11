import type { ChatMessage } from "../engine/generator.ts";
import { invalidParameter, unsupportedParameter } from "./api-error.ts";
import { RequestReader } from "./request-reader.ts";

const messagesMax = 4096;
const partsMax = 1024;
const callsMax = 128;
const roles = ["system", "developer", "user", "assistant", "tool"] as const;

/** Checks the messages of a chat request and flattens their text parts. */
export function readMessages(request: RequestReader): ChatMessage[] {
  const messages = request.required("messages", request.array("messages", messagesMax));
  if (messages.length === 0) {
    throw request.invalid("messages", "expected at least one message.", "empty_array");
  }
  return messages.map((message, index) => readMessage(RequestReader.of(message, `messages[${index}]`)));
}

function readMessage(message: RequestReader): ChatMessage {
  const role = message.required("role", message.oneOf("role", roles));
  for (const name of ["audio", "function_call"]) {
    if (message.has(name)) throw unsupportedParameter(message.path(name), "is not supported by this model");
  }
  const name = message.string("name");
  const named = name === undefined ? {} : { name };
  const content = readContent(message);
  switch (role) {
    case "assistant": {
      const calls = readCalls(message);
      if (content === undefined && calls === undefined) message.required("content", content);
      return { role, content: content ?? "", ...named, ...(calls === undefined ? {} : { tool_calls: calls }) };
    }
    case "tool": {
      const id = message.required("tool_call_id", message.string("tool_call_id"));
      return { role, content: message.required("content", content), tool_call_id: id };
    }
    case "developer":
    case "system":
      // Templates know the older name of the role only.
      return { role: "system", content: message.required("content", content), ...named };
    case "user":
      return { role, content: message.required("content", content), ...named };
  }
}

function readContent(message: RequestReader): string | undefined {
  const raw = message.raw("content");
  if (raw === undefined || typeof raw === "string") return raw;
  if (!Array.isArray(raw)) {
    const path = message.path("content");
    throw invalidParameter(path, `Invalid type for '${path}': expected a string or an array of parts.`, "invalid_type");
  }
  const parts = message.array("content", partsMax) ?? [];
  return parts.map((part, index) => readPart(RequestReader.of(part, `${message.path("content")}[${index}]`))).join("");
}

function readPart(part: RequestReader): string {
  const type = part.required("type", part.string("type"));
  if (type === "text") return part.required("text", part.string("text"));
  if (type === "refusal") return part.required("refusal", part.string("refusal"));
  throw unsupportedParameter(part.path("type"), `'${type}': this model reads text only`);
}

function readCalls(message: RequestReader): ChatMessage["tool_calls"] {
  const calls = message.array("tool_calls", callsMax);
  if (calls === undefined || calls.length === 0) return undefined;
  return calls.map((value, index) => {
    const call = RequestReader.of(value, `${message.path("tool_calls")}[${index}]`);
    call.oneOf("type", ["function"]);
    const called = call.required("function", call.object("function"));
    return {
      id: call.required("id", call.string("id")),
      name: called.required("name", called.string("name")),
      arguments: called.required("arguments", called.string("arguments")),
    };
  });
}
