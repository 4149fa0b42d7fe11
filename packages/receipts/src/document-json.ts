import type { JsonObject, JsonValue } from "@koinon/canonical-json/json-value";
import type { DocumentType, Signed } from "./document.ts";
import type { JsonNode } from "./json-node.ts";

/** A signed document as JSON: its members beside "signature"; wide integers as decimal strings. */
export function documentToJson<V extends object>({ struct }: DocumentType<V>, signed: Signed<V>): JsonObject {
  const members = Object.keys(struct.fields).map((name) => {
    const value = (signed.document as Record<string, JsonValue | bigint>)[name];
    return [name, typeof value === "bigint" ? value.toString() : (value as JsonValue)] as const;
  });
  return { ...Object.fromEntries(members), signature: signed.signature };
}

/** Reads what `documentToJson` writes, and checks the document's rules but not its signature. */
export function documentFromJson<V extends object>(type: DocumentType<V>, node: JsonNode): Signed<V> {
  const fields = Object.entries<string>(type.struct.fields as Record<string, string>);
  const nodes = node.members([...fields.map(([name]) => name), "signature"]);
  const members = fields.map(
    ([name, solidityType]) => [name, readMember(nodes[name] as JsonNode, solidityType)] as const,
  );
  const document = Object.fromEntries(members) as V;
  type.check(document);
  return { document, signature: (nodes.signature as JsonNode).hex(65) };
}

/** More than any document allows; the documents' own rules are stricter. */
const itemsMax = 4096;
const stringLengthMax = 4096;

function readMember(node: JsonNode, solidityType: string): unknown {
  switch (solidityType) {
    case "uint8":
    case "uint16":
    case "uint32":
      return node.integer(2 ** Number(solidityType.slice(4)) - 1);
    case "uint64":
    case "uint128":
    case "uint256":
      return node.decimal(Number(solidityType.slice(4)));
    case "address":
      return node.hex(20);
    case "bytes32":
      return node.hex(32);
    case "string":
      return node.string(stringLengthMax);
    case "bytes32[]":
      return node.list(itemsMax).map((item) => item.hex(32));
    default:
      throw node.malformed(`${solidityType} has no JSON form`);
  }
}
