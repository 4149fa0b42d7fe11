import { z } from "zod";

/** JSON schema of a setting's value, draft 2020-12. */
export type ValueForm = z.core.JSONSchema.BaseSchema;

/**
 * The form in which a document (a table, Helm values) states a value that the environment has as text: the parsed form where that
 * has one in JSON, else the text.
 */
export function valueForm(schema: z.ZodType): ValueForm {
  const form = formOf(schema);
  return form.type === undefined && form.anyOf === undefined ? { ...form, type: "string" } : form;
}

function formOf(schema: z.core.$ZodType): ValueForm {
  if (!(schema instanceof z.ZodPipe)) {
    const { $schema: _, ...form } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return form;
  }
  const { in: text, out: parsed } = schema.def;
  if (text instanceof z.ZodTransform) return formOf(parsed);
  if (parsed instanceof z.ZodTransform) return formOf(text);
  const form = formOf(parsed);
  // Such as a bigint; text that is parsed to text keeps the rules of both.
  if (form.type === undefined) return formOf(text);
  return form.type === "string" ? { ...formOf(text), ...form } : form;
}
