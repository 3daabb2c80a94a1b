// All collections, with a few of their pictures, and a form for a new one. Does not know what is in any.

import { useEffect, useState } from "preact/hooks";

import * as api from "../api.ts";
import { collections, refreshCollections, trouble } from "../atlas.ts";
import { counted } from "../naming.ts";
import { open } from "../state.ts";
import type { Collection, Item } from "../wire.ts";
import { NewCollection } from "./making.tsx";
import { Failure, Notice } from "./notice.tsx";
import { Picture } from "./picture.tsx";

const COVER = 4;

export function Home() {
  const found = collections.value;
  if (trouble.value !== null && found === null) return <Failure error={trouble.value} retry={() => void refreshCollections()} />;
  return (
    <div class="home">
      <h2 class="title">Collections</h2>
      {found !== null && found.length === 0 && (
        <Notice icon="picture" title="Nothing is here yet">
          <p>A collection holds pictures that are searched together. Make one, then drop a folder on it.</p>
        </Notice>
      )}
      <ul class="covers">
        {(found ?? []).map((one) => (
          <li key={one.name}>
            <Cover collection={one} />
          </li>
        ))}
      </ul>
      <NewCollection made={open} />
    </div>
  );
}

function Cover({ collection }: { collection: Collection }) {
  const [items, setItems] = useState<readonly Item[]>([]);
  const { name } = collection;
  useEffect(() => void api.items(name, "", COVER).then((page) => setItems(page.items), () => setItems([])), [name, collection.items]);
  return (
    <a class="cover" href={`/?${new URLSearchParams({ collection: name })}`} onClick={(event) => { event.preventDefault(); open(name); }}>
      <span class="frames">
        {items.map((item) => (
          <Picture key={item.id} src={api.path.thumbnail(name, item.id, item.sha256)} alt="" />
        ))}
      </span>
      <strong>{name}</strong>
      <span class="hint">
        {counted(collection.items, "picture")} · {collection.model}
      </span>
    </a>
  );
}
