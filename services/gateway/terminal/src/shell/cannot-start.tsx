import { Button } from "../controls/button.tsx";
import { Logo } from "../verification/ring.tsx";
import styles from "./cannot-start.module.css";

/** The page when the Terminal itself has failed. */
export function CannotStart({ error }: { readonly error: unknown }) {
  return (
    <main className={styles.page} role="alert">
      <Logo size={44} />
      <h1>The Terminal stopped</h1>
      <p>Something went wrong in this page. Conversations are kept in the browser and are not lost.</p>
      <pre>{error instanceof Error ? error.message : String(error)}</pre>
      <Button look="primary" onClick={() => location.reload()}>
        Load again
      </Button>
    </main>
  );
}
