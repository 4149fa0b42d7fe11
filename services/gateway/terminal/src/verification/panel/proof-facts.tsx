import type { ReactNode } from "react";
import { CopyButton } from "../../controls/copy-button.tsx";
import { ShortHex } from "../../controls/short-hex.tsx";
import { sizeText } from "../../controls/size-text.ts";
import { durationText, momentText } from "../../controls/time-text.ts";
import { formatCredits, groupThousands } from "../../credits/amount.ts";
import { PartySeal } from "../../network/party-seal.tsx";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import type { BundleFacts } from "../verdict.ts";
import styles from "./proof-facts.module.css";

const outcomes: Readonly<Record<number, string>> = { 0: "complete", 1: "cancelled by you", 2: "broken off" };

/** What the receipt is about: who served what, for how much, when, and where it stands in the log. */
export function ProofFacts({ facts, receiptId }: { readonly facts: BundleFacts; readonly receiptId: string | null }) {
  const { receipt, quote, logIndex, checkpoint } = facts;
  const units = (count: bigint): string => groupThousands(count.toString());
  const duration = Number(receipt.finishedAt - receipt.startedAt);
  return (
    <dl className={styles.facts}>
      <Fact name="Served by">
        <Provider root={receipt.provider} />
      </Fact>
      <Fact name="Model">
        <Manifest facts={facts} />
      </Fact>
      <Fact name="Tokens">
        {units(receipt.inputUnits)} in, {units(receipt.outputUnits)} out
      </Fact>
      <Fact name="Price">
        {formatCredits(quote.inputPrice)} in, {formatCredits(quote.outputPrice)} out per million,{" "}
        {formatCredits(quote.requestPrice)} per request
      </Fact>
      <Fact name="Fee">
        <strong>{formatCredits(receipt.fee)} credits</strong>
      </Fact>
      <Fact name="Time">
        {momentText(Number(receipt.finishedAt))}, took {durationText(duration)},{" "}
        {outcomes[receipt.outcome] ?? "unknown outcome"}
      </Fact>
      <Fact name="Log entry">
        #{units(logIndex)} in a tree of {units(sizeOf(checkpoint))}, {checkpoint.split("\n", 1)[0]}
      </Fact>
      <Fact name="Session">
        receipt {units(receipt.sequence + 1n)} of <ShortHex value={receipt.session} />
      </Fact>
      {receiptId !== null && (
        <Fact name="Receipt">
          <ShortHex value={receiptId} ends={8} />
          <CopyButton text={receiptId} label="Copy receipt id" />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The name comes from the trust file: a bundle has none, and a gateway's word for it would prove nothing. */
function Provider({ root }: { readonly root: string }) {
  const { trust } = useTerminal();
  const known = useStore(trust.state).pinned?.summary.providers.find((each) => each.root === root);
  return (
    <span className={styles.provider}>
      <PartySeal address={root} size={26} />
      {known === undefined ? "Unknown party" : known.name}
      <ShortHex value={root} ends={4} />
      <CopyButton text={root} label="Copy address" />
    </span>
  );
}

function Manifest({ facts: { manifest, receipt } }: { readonly facts: BundleFacts }) {
  const weights = manifest.weights;
  return (
    <details className={styles.manifest}>
      <summary>{manifest.name}</summary>
      <dl>
        <Fact name="Manifest">
          <ShortHex value={receipt.subject} ends={8} />
          <CopyButton text={receipt.subject} label="Copy manifest hash" />
        </Fact>
        <Fact name="Weights">
          {weights === null ? (
            "not stated"
          ) : (
            <>
              {weights.format}, {sizeText(weights.sizeBytes)}, <ShortHex value={weights.hash} />
            </>
          )}
        </Fact>
        <Fact name="Quantisation">{manifest.quantisation ?? "not stated"}</Fact>
        <Fact name="Engine">
          {manifest.engine.name} {manifest.engine.version}
        </Fact>
        <Fact name="Context">{groupThousands(String(manifest.contextTokens))} tokens</Fact>
        <Fact name="Licence">{manifest.licence}</Fact>
        <Fact name="Author">{manifest.author}</Fact>
        <Fact name="Source">{manifest.provenance.source}</Fact>
        {manifest.provenance.baseModel !== null && <Fact name="Base model">{manifest.provenance.baseModel}</Fact>}
        {manifest.provenance.datasets.length > 0 && (
          <Fact name="Datasets">{manifest.provenance.datasets.join(", ")}</Fact>
        )}
      </dl>
    </details>
  );
}

/** The tree size on the second line of a checkpoint; verified in its own step. */
function sizeOf(checkpoint: string): bigint {
  const line = checkpoint.split("\n")[1] ?? "";
  return /^\d{1,19}$/.test(line) ? BigInt(line) : 0n;
}
