import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { Dialog } from "../controls/dialog.tsx";
import { Segments } from "../controls/segments.tsx";
import { KeyForm } from "../session/key-form.tsx";
import { useStore } from "../state/use-store.ts";
import { useTerminal } from "../terminal-context.ts";
import type { Theme } from "../theme/theme.ts";
import { TrustSettings } from "../verification/trust-settings.tsx";
import styles from "./settings-dialog.module.css";

const themeSegments = [
  {
    value: "system",
    label: (
      <>
        <Monitor size={15} aria-hidden /> System
      </>
    ),
  },
  {
    value: "light",
    label: (
      <>
        <Sun size={15} aria-hidden /> Light
      </>
    ),
  },
  {
    value: "dark",
    label: (
      <>
        <Moon size={15} aria-hidden /> Dark
      </>
    ),
  },
] as const;

/** Key, looks, trust and what is kept. */
export function SettingsDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { theme } = useTerminal();
  return (
    <Dialog open={open} onClose={onClose} title="Settings" wide>
      <section className={styles.section}>
        <h3>API key</h3>
        <KeyForm />
      </section>
      <section className={styles.section}>
        <h3>Theme</h3>
        <Segments<Theme> label="Theme" value={useStore(theme)} segments={themeSegments} onChange={theme.set} />
      </section>
      <section className={styles.section}>
        <h3>Trust</h3>
        <TrustSettings />
      </section>
      <section className={styles.section}>
        <h3>Conversations</h3>
        <p className={styles.note}>
          They are kept in this browser only, with the exact bytes and proofs of every answer: at most 200, or 64 MiB.
          When there is no more room the oldest go first.
        </p>
        <DeleteAll />
      </section>
    </Dialog>
  );
}

function DeleteAll() {
  const { chat, router } = useTerminal();
  const [asked, setAsked] = useState(false);
  const deleteAll = async (): Promise<void> => {
    await chat.deleteAll();
    router.replace({ page: "chat", conversationId: null });
    setAsked(false);
  };
  if (!asked) {
    return (
      <Button className={styles.start} onClick={() => setAsked(true)}>
        Delete all conversations…
      </Button>
    );
  }
  return (
    <div className={styles.confirm}>
      <Button look="danger" onClick={() => void deleteAll()}>
        Delete them for good
      </Button>
      <Button onClick={() => setAsked(false)}>Keep them</Button>
    </div>
  );
}
