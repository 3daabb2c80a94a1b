// The grid of pictures: only those that are seen are in the document. Does not know where its entries come from.

import { useEffect, useRef, useState } from "preact/hooks";

import { askLike } from "../asking.ts";
import { nameOf } from "../naming.ts";
import type { Entry } from "../pages.ts";
import { more, pointed, results } from "../results.ts";
import { go } from "../state.ts";
import { Icon } from "./icon.tsx";
import { Picture } from "./picture.tsx";

const GAP = 14;
const CAPTION = 30;
const BEYOND = 2; // rows above and below what is seen
const NARROW = { width: 560, cell: 150 };
const CELL = 190;

/** Where each entry stands, of a width and how far it is scrolled. */
function layout(width: number, height: number, top: number, count: number) {
  const least = width < NARROW.width ? NARROW.cell : CELL;
  const columns = Math.max(2, Math.floor((width + GAP) / (least + GAP)));
  const size = Math.floor((width - GAP * (columns - 1)) / columns);
  const rowHeight = size + CAPTION + GAP;
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND) * columns;
  const last = Math.min(count, (Math.ceil((top + height) / rowHeight) + BEYOND) * columns);
  return { columns, size, rowHeight, first, last, height: Math.ceil(count / columns) * rowHeight };
}

export function Grid() {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ width: 0, height: 0, top: 0 });
  const [current, setCurrent] = useState(0);
  const { entries, isWhole, isLoading } = results.value;
  const at = layout(seen.width, seen.height, seen.top, entries.length);

  useEffect(() => {
    const element = box.current!;
    const measure = (): void => {
      const style = getComputedStyle(element);
      const width = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      setSeen({ width, height: element.clientHeight, top: element.scrollTop });
    };
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  useEffect(() => {
    const isNearEnd = seen.top + 2 * seen.height > at.height;
    if (seen.height && isNearEnd && !isWhole && !isLoading) void more();
  }, [seen, entries.length, isWhole, isLoading]);

  useEffect(() => {
    if (entries.length === 0) {
      box.current!.scrollTop = 0;
      setCurrent(0);
    }
  }, [entries]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const to = moved(event.key, current, at.columns, entries.length);
    if (to === null) return;
    event.preventDefault();
    setCurrent(to);
    show(box.current!, to, at);
  };

  return (
    <div class="scroll" ref={box}>
      <ul class="grid" aria-label="Pictures" onKeyDown={onKeyDown} style={{ height: `${at.height}px` }}>
        {seen.width > 0 &&
          entries.slice(at.first, at.last).map((entry, position) => {
            const index = at.first + position;
            const x = (index % at.columns) * (at.size + GAP);
            const y = Math.floor(index / at.columns) * at.rowHeight;
            return (
              <li
                key={entry.id}
                class={entry.weak ? "cell is-weak" : "cell"}
                aria-setsize={isWhole ? entries.length : -1}
                aria-posinset={index + 1}
                style={{ width: `${at.size}px`, transform: `translate(${x}px, ${y}px)` }}
              >
                <Cell entry={entry} index={index} isCurrent={index === current} />
              </li>
            );
          })}
      </ul>
    </div>
  );
}

function Cell({ entry, index, isCurrent }: { entry: Entry; index: number; isCurrent: boolean }) {
  const name = nameOf(entry);
  const isPointed = pointed.value === entry.id;
  return (
    <div
      class={isPointed ? "card is-pointed" : "card"}
      onPointerEnter={() => (pointed.value = entry.id)}
      onPointerLeave={() => (pointed.value = null)}
    >
      <button
        class="open"
        data-index={index}
        tabIndex={isCurrent ? 0 : -1}
        onClick={() => go({ item: entry.id })}
        onFocus={() => (pointed.value = entry.id)}
        onBlur={() => (pointed.value = null)}
      >
        <span class="frame">
          <Picture src={entry.thumbnail} alt="" />
        </span>
        <span class="caption">
          <span class="name">{name}</span>
          {entry.score !== null && (
            <span class="score">
              <span class="unseen">{entry.weak ? "weak hit, score " : "score "}</span>
              {entry.score.toFixed(2)}
            </span>
          )}
        </span>
      </button>
      <span class="likes">
        <button class="round" tabIndex={-1} title="More like this" aria-label={`More like ${name}`} onClick={() => askLike(entry.id, true)}>
          <Icon name="more" />
        </button>
        <button class="round" tabIndex={-1} title="Less like this" aria-label={`Less like ${name}`} onClick={() => askLike(entry.id, false)}>
          <Icon name="less" />
        </button>
      </span>
    </div>
  );
}

function moved(key: string, from: number, columns: number, count: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const to = key === "Home" ? 0 : key === "End" ? count - 1 : from + (steps[key] ?? 0);
  if (to === from || to < 0 || to >= count) return null;
  return to;
}

/** Scrolls to an entry and, once it is in the document, gives it the focus. */
function show(box: HTMLElement, index: number, at: { columns: number; rowHeight: number }): void {
  const top = Math.floor(index / at.columns) * at.rowHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  if (top + at.rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = top + at.rowHeight - box.clientHeight;
  requestAnimationFrame(() => {
    requestAnimationFrame(() => box.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }));
  });
}
