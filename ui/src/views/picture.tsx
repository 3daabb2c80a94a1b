// A picture of the server's. Where there is a key, it is fetched with it: an <img> cannot send one.
// Does not know what the picture is of.

import { useEffect, useState } from "preact/hooks";

import { ask } from "../api.ts";
import { key } from "../key.ts";

interface Props {
  src: string;
  alt: string;
  fallback?: string; // where there is nothing at src
  missing?: string; // what is said where there is nothing at either
}

export function Picture({ src, alt, fallback, missing = alt || "no picture" }: Props) {
  // which addresses they were, and not whether: what is in the cache is there before any effect could forget the one before
  const [broken, setBroken] = useState<readonly string[]>([]);
  const [loaded, setLoaded] = useState<string | null>(null);
  const wanted = broken.includes(src) && fallback ? fallback : src;
  const giveUp = (): void => setBroken((before) => [...before, wanted]); // each is asked for once
  const address = useAddress(wanted, giveUp);
  if (broken.includes(wanted)) return <span class="no-picture">{missing}</span>;
  return (
    <img
      class={loaded === wanted ? "is-loaded" : ""}
      src={address ?? undefined}
      alt={alt}
      decoding="async"
      draggable={false}
      onLoad={() => setLoaded(wanted)}
      onError={giveUp}
    />
  );
}

function useAddress(src: string, onFailure: () => void): string | null {
  const [made, setMade] = useState<{ src: string; address: string } | null>(null);
  const needsKey = key.value !== null;
  useEffect(() => {
    if (!needsKey) return;
    const leaving = new AbortController();
    let address: string | null = null;
    const load = async (): Promise<void> => {
      try {
        address = URL.createObjectURL(await (await ask(src, { signal: leaving.signal })).blob());
        setMade({ src, address });
      } catch {
        if (!leaving.signal.aborted) onFailure();
      }
    };
    void load();
    return () => {
      leaving.abort();
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [src, needsKey]);
  if (!needsKey) return src;
  return made?.src === src ? made.address : null;
}
