import { useEffect, useState } from "react";
import { FaultNotice } from "../controls/fault-notice.tsx";
import { faultOf, type GatewayFault } from "../gateway/fault.ts";
import { useTerminal } from "../terminal-context.ts";
import { type ManifestText, readManifest } from "./manifest-text.ts";
import styles from "./network-page.module.css";

/** The whole manifest behind a hash, fetched when somebody opens it. */
export function WholeManifest({ hash }: { readonly hash: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.manifest} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary data-testid="open-manifest">Whole manifest</summary>
      {isOpen && <Content hash={hash} />}
    </details>
  );
}

function Content({ hash }: { readonly hash: string }) {
  const { gateway } = useTerminal();
  const [manifest, setManifest] = useState<ManifestText | null>(null);
  const [fault, setFault] = useState<GatewayFault | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    gateway
      .getManifest(hash, leaving.signal)
      .then((bytes) => readManifest(bytes, hash))
      .then(setManifest)
      .catch((error: unknown) => {
        if (!leaving.signal.aborted) setFault(faultOf(error) ?? { code: "ANSWER_NOT_UNDERSTOOD", where: "manifest" });
      });
    return () => leaving.abort();
  }, [gateway, hash]);
  if (fault !== null) return <FaultNotice fault={fault} />;
  if (manifest === null) return <p>Fetching the manifest…</p>;
  return (
    <>
      <p data-testid="manifest-check" data-matches={String(manifest.hasHash)}>
        {checkText(manifest.hasHash)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={styles.manifestText} tabIndex={0} aria-label="Manifest">
        <pre data-testid="manifest">{manifest.text}</pre>
      </section>
    </>
  );
}

function checkText(hasHash: boolean | undefined): string {
  if (hasHash === undefined) return "This browser can not compute its hash on a page without HTTPS.";
  return hasHash
    ? "Your browser hashed these bytes: they are what the hash above names."
    : "These bytes do not have the hash above: somebody changed them.";
}
