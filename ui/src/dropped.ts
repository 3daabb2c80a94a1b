// Pictures that were dropped, pasted or uploaded to search with: kept while the page lives. Does not know searches.

const pictures = new Map<string, Blob>();
const addresses = new Map<string, string>();

/** The key under which the picture is known from now on. A time is part of it: after a reload it means no other one. */
export function remember(picture: Blob): string {
  const key = `${Date.now().toString(36)}${pictures.size}`;
  pictures.set(key, picture);
  return key;
}

export function isThere(key: string): boolean {
  return pictures.has(key);
}

/** For an <img>; null: it went with the page that had it. */
export function addressOf(key: string): string | null {
  const picture = pictures.get(key);
  if (picture === undefined) return null;
  const known = addresses.get(key) ?? URL.createObjectURL(picture);
  addresses.set(key, known);
  return known;
}

/** As a data URI, for a search's body. */
export function pictureData(key: string): Promise<string | null> {
  const picture = pictures.get(key);
  if (picture === undefined) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error("The picture cannot be read; it may have been moved."));
    reader.readAsDataURL(picture);
  });
}
