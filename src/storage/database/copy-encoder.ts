/** `PGCOPY\n\377\r\n\0`, no flags, no header extension. */
const HEADER = Buffer.from([0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TRAILER = Buffer.from([0xff, 0xff]);

/**
 * Rows in Postgres' binary COPY format (big-endian; each field with its length, -1 for null). Binary: no escaping, no parsing on
 * the other side, and doubles arrive bit for bit.
 */
export class CopyEncoder {
  #buffer: Buffer;
  #end = 0;

  constructor(capacity = 1 << 16) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#append(HEADER);
  }

  /** Starts a row of this many fields. */
  row(fields: number): void {
    this.#room(2);
    this.#end = this.#buffer.writeInt16BE(fields, this.#end);
  }

  int2(value: number | null): void {
    if (value === null) return this.#null();
    this.#room(6);
    this.#end = this.#buffer.writeInt32BE(2, this.#end);
    this.#end = this.#buffer.writeInt16BE(value, this.#end);
  }

  int4(value: number | null): void {
    if (value === null) return this.#null();
    this.#room(8);
    this.#end = this.#buffer.writeInt32BE(4, this.#end);
    this.#end = this.#buffer.writeInt32BE(value, this.#end);
  }

  /** A whole number within ±2^53. */
  int8(value: number | null): void {
    if (value === null) return this.#null();
    const high = Math.floor(value / 2 ** 32);
    this.#room(12);
    this.#end = this.#buffer.writeInt32BE(8, this.#end);
    this.#end = this.#buffer.writeInt32BE(high, this.#end);
    this.#end = this.#buffer.writeUInt32BE(value - high * 2 ** 32, this.#end);
  }

  float8(value: number | null): void {
    if (value === null) return this.#null();
    this.#room(12);
    this.#end = this.#buffer.writeInt32BE(8, this.#end);
    this.#end = this.#buffer.writeDoubleBE(value, this.#end);
  }

  /** Postgres cannot hold U+0000 in text: it becomes U+FFFD. */
  text(value: string | null): void {
    if (value === null) return this.#null();
    const clean = value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
    this.#room(4 + clean.length * 3);
    const written = this.#buffer.write(clean, this.#end + 4, 'utf8');
    this.#buffer.writeInt32BE(written, this.#end);
    this.#end += 4 + written;
  }

  /** Ends the rows and returns all bytes. */
  finish(): Buffer {
    this.#append(TRAILER);
    return this.#buffer.subarray(0, this.#end);
  }

  #null(): void {
    this.#room(4);
    this.#end = this.#buffer.writeInt32BE(-1, this.#end);
  }

  #append(bytes: Buffer): void {
    this.#room(bytes.length);
    this.#end += bytes.copy(this.#buffer, this.#end);
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
