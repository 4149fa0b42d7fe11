import { UsageError } from "../command.ts";

/** Checks an address that an option gives; throws UsageError for what is no http or https URL. */
export function assertWebAddress(option: string, text: string, example: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol === "http:" || protocol === "https:") return;
  throw new UsageError(`${option} '${text}' is not an address such as ${example}`);
}

/** Why nobody was reached, in words, of what Node says. */
export function unreachableReason(problem: string): string {
  // OpenSSL says so, in a line of its own source, of a server that does not speak TLS.
  if (problem.includes("wrong version number")) return "it does not speak TLS (http:// instead of https://?)";
  return problem.trim();
}
