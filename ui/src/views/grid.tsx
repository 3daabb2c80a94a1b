// The grid of pictures. Does not know where its entries come from.

import { results } from "../results.ts";

export function Grid() {
  return <ul class="grid">{results.value.entries.map((one) => <li key={one.id}><img src={one.thumbnail} alt={one.id} /></li>)}</ul>;
}
