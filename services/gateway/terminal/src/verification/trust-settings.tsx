import { type ChangeEvent, useRef, useState } from "react";
import { Button } from "../controls/button.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { downloadFile } from "../controls/download.ts";
import { momentText } from "../controls/time-text.ts";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import styles from "./trust.module.css";
import type { PinnedTrust, PinOrigin } from "./trust-pin.ts";

const originText: Record<PinOrigin, string> = {
  "first-sight": "Pinned when this browser first saw it",
  accepted: "Accepted by you",
  imported: "Imported by you",
};

/** Whom this browser trusts, and a way to say otherwise. */
export function TrustSettings() {
  const { trust } = useTerminal();
  const { pinned, problem } = useStore(trust.state);
  const [refusal, setRefusal] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const importFile = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file === undefined) return;
    try {
      await trust.import(new Uint8Array(await file.arrayBuffer()));
      setRefusal(null);
    } catch (error) {
      setRefusal(`This is not a trust file: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return (
    <>
      {pinned === null ? <p className={styles.note}>No trust file yet. {problem}</p> : <Pinned pinned={pinned} />}
      {refusal !== null && (
        <p className={styles.refusal} role="alert">
          {refusal}
        </p>
      )}
      <div className={styles.buttons}>
        <Button onClick={() => input.current?.click()}>Import a trust file…</Button>
        {pinned !== null && (
          <Button onClick={() => downloadFile("trust.json", pinned.bytes, "application/json")}>Download</Button>
        )}
        <input
          ref={input}
          type="file"
          accept="application/json,.json"
          hidden
          onChange={(event) => void importFile(event)}
          data-testid="trust-import"
        />
      </div>
    </>
  );
}

function Pinned({ pinned: { summary, origin, pinnedAt } }: { readonly pinned: PinnedTrust }) {
  return (
    <>
      <p className={styles.note}>
        A proof counts only against keys that come from outside of it. {originText[origin]}, {momentText(pinnedAt)}.
      </p>
      <p className={styles.fingerprint}>
        Fingerprint <code>{summary.fingerprint}</code>
        <CopyButton text={summary.fingerprint} label="Copy fingerprint" />
      </p>
      <details className={styles.details}>
        <summary>
          {count(summary.logs.length, "log")}, {count(summary.witnesses.length, "witness", "witnesses")} (
          {summary.threshold} needed), {count(summary.providers.length, "provider")}
        </summary>
        <ul>
          <li>{summary.network}</li>
          {summary.logs.map(({ origin: log, vkey }) => (
            <li key={log}>
              Log {log} <code>{vkey}</code>
            </li>
          ))}
          {summary.witnesses.map((vkey) => (
            <li key={vkey}>
              Witness <code>{vkey}</code>
            </li>
          ))}
          {summary.chains.map((chain) => (
            <li key={chain}>{chain}</li>
          ))}
          {summary.providers.map(({ root, name }) => (
            <li key={root}>
              {name} <code>{root}</code>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
