import styles from "./party-seal.module.css";

const raysCount = 20;

/** A provider's seal, drawn from its address: the same party always has the same one. Decoration; the address is what counts. */
export function PartySeal({ address, size = 28 }: { readonly address: string; readonly size?: number }) {
  const digits = address.replace(/^0x/, "");
  const rays = Array.from(
    { length: raysCount },
    (_, index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16) || 0,
  );
  return (
    <svg className={styles.seal} viewBox="-50 -50 100 100" width={size} height={size} aria-hidden="true">
      <circle r={48} />
      {rays.map((value, index) => {
        const angle = (index / raysCount) * 2 * Math.PI;
        const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
        const outer = 18 + (value / 255) * 22;
        // A position is a ray's identity: rays never move.
        return <line key={`${angle}`} x1={sin * 12} y1={-cos * 12} x2={sin * outer} y2={-cos * outer} />;
      })}
    </svg>
  );
}
