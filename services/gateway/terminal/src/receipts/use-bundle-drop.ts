import { type DragEvent, useRef, useState } from "react";
import { useTerminal } from "../terminal-context.ts";
import { type GivenFile, givenBytesMax, sortGivenFiles } from "./dropped-files.ts";
import { openGivenProof } from "./open-receipt.ts";

const filesMax = 8;

/** Takes files that are dropped or chosen, and opens the proof in them. */
export function useBundleDrop() {
  const terminal = useTerminal();
  const [isOver, setOver] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  // Entering a child leaves its parent: only the count tells whether the files are still over the page.
  const depth = useRef(0);
  const take = (list: FileList | null): void => {
    void readFiles(list).then((files) => {
      const given = files === null ? null : sortGivenFiles(files);
      setRefusal(given === null ? "There is no proof bundle in what you gave, or it is too large." : null);
      if (given !== null) openGivenProof(terminal, given);
    });
  };
  const move = (event: DragEvent, by: number): void => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    depth.current += by;
    setOver(depth.current > 0);
  };
  const dropHandlers = {
    onDragEnter: (event: DragEvent) => move(event, 1),
    onDragLeave: (event: DragEvent) => move(event, -1),
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      take(event.dataTransfer.files);
    },
  };
  return { isOver, refusal, take, dropHandlers };
}

async function readFiles(list: FileList | null): Promise<GivenFile[] | null> {
  const files = [...(list ?? [])];
  if (files.length === 0 || files.length > filesMax || files.some(({ size }) => size > givenBytesMax)) return null;
  return Promise.all(files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
}
