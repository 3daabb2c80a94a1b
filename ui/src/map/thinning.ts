// Every which point is painted while the map moves, where all would take too long. Does not know who paints.

const SLOW_MS = 45; // from one frame to the next: less looks smooth
const MOST = 32; // the widest stride that WebGL takes, 255 bytes, over four bytes, in powers of two
const REST_MS = 160;

export interface Thinning {
  every(): number; // 1: all of them
  moved(): void;
  stop(): void;
}

/** again: called when the map rests and had been thinned. */
export function thinning(again: () => void): Thinning {
  let learnt = 1; // what the last movement needed
  let isMoving = false;
  let timer = 0;
  let probe = 0;
  const rest = (): void => {
    isMoving = false;
    if (learnt === 1) return;
    learnt /= 2; // one slow frame, as while something else was at work, is not to be paid for ever
    again();
  };
  return {
    every: () => (isMoving ? learnt : 1),
    moved() {
      isMoving = true;
      clearTimeout(timer);
      timer = window.setTimeout(rest, REST_MS);
      if (probe !== 0) return;
      const began = performance.now(); // the frame after the next one tells how long the next one took
      probe = requestAnimationFrame(() => {
        probe = requestAnimationFrame(() => {
          probe = 0;
          learnt = thinner(learnt, (performance.now() - began) / 2);
        });
      });
    },
    stop() {
      clearTimeout(timer);
      cancelAnimationFrame(probe);
    },
  };
}

/** At once as few as the frame was too slow for, in powers of two: someone waits for it. */
export function thinner(every: number, frameMs: number): number {
  const times = 2 ** Math.max(Math.ceil(Math.log2(frameMs / SLOW_MS)), 0);
  return Math.min(every * times, MOST);
}
