import { SampleProvider, type SampleWork } from "@koinon/contributions/sample-work";

/** The same work in every process: 4,000 receipts of three providers in several sessions, in the order they were settled. */
export function killedWork(): SampleWork[] {
  const providers = ["a", "b", "c"].map((name) => new SampleProvider(name));
  return Array.from({ length: 4_000 }, (_, i) => providers[i % 3]?.serve(i % 5)).filter((work) => work !== undefined);
}
