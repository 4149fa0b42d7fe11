import type { ConfigDeclaration, ConfigKey } from "./config.ts";
import { type ValueForm, valueForm } from "./value-form.ts";

/** JSON schemas (draft 2020-12) of the two parts that settings have among Helm values. */
export interface ConfigValuesSchema {
  /** Settings by variable, as values. */
  readonly config: object;
  /** Secrets by variable, as references: `{ secretName, key? }`; `key` is the variable when it is not given. */
  readonly secrets: object;
}

/** The settings of declarations as a schema of Helm values, without the variables that a chart sets itself. */
export function configValuesSchema(
  declarations: readonly ConfigDeclaration<unknown>[],
  setByChart: ReadonlySet<string> = new Set(),
): ConfigValuesSchema {
  const keys = declarations
    .flatMap((declaration) => Object.values(declaration.keys))
    .filter(({ env }) => !setByChart.has(env));
  return {
    config: objectOf(
      keys.filter((key) => !key.secret),
      valueSchema,
    ),
    secrets: objectOf(
      keys.filter((key) => key.secret),
      ({ description }) => ({ ...secretReference, description }),
    ),
  };
}

const secretReference = {
  type: "object",
  additionalProperties: false,
  required: ["secretName"],
  properties: {
    secretName: { type: "string", minLength: 1, description: "Name of an existing Secret." },
    key: { type: "string", minLength: 1, description: "Key in the Secret; the variable's name unless given." },
  },
};

function objectOf(keys: readonly ConfigKey<unknown>[], schemaOf: (key: ConfigKey<unknown>) => object): object {
  const required = keys.filter((key) => !key.schema.safeParse(key.default).success).map(({ env }) => env);
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(keys.map((key) => [key.env, schemaOf(key)])),
  };
}

function valueSchema(key: ConfigKey<unknown>): ValueForm {
  const form = valueForm(key.schema);
  const preset = key.default === undefined ? undefined : presetIn(form, key);
  const schema = { ...form, description: key.description };
  return preset === undefined ? schema : { ...schema, default: preset };
}

/** The default in the form of the value; one that is text, or empty, stays as declared. */
function presetIn(form: ValueForm, key: ConfigKey<unknown>): boolean | number | string | readonly string[] | undefined {
  const preset = key.schema.safeParse(key.default).data;
  switch (form.type) {
    case "boolean":
      return preset === true;
    case "integer":
    case "number":
      return typeof preset === "number" ? Number(key.default) : undefined;
    case "array":
      return (key.default ?? "").split(",").filter((item) => item !== "");
    default:
      return key.default;
  }
}
