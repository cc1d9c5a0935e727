/**
 * Bytes of a value as a Temporal payload: UTF-8 of its JSON, as the default payload converter writes it; 0 for `undefined`.
 */
export function encodedBytes(value: unknown): number {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 0 : utf8Bytes(text);
}

/** UTF-8 bytes of a text, without `Buffer`, which the sandbox of workflow code lacks. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair takes four bytes: two for each half.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
