const HEADER_LENGTH = 19;

/**
 * Reads Postgres' binary COPY format from chunks that may end anywhere. `nextRow` returns false until a whole row has arrived; a row's
 * fields must be read in order.
 *
 * @example
 * for await (const chunk of database.copyOut('copy (…) to stdout (format binary)')) {
 *   decoder.push(chunk);
 *   while (decoder.nextRow()) times.push(decoder.int8());
 * }
 */
export class CopyDecoder {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #header = true;

  push(chunk: Buffer): void {
    this.#buffer = this.#at >= this.#buffer.length ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Moves to the next row. @returns false while it has not arrived whole */
  nextRow(): boolean {
    if (this.#header) {
      if (this.#buffer.length < HEADER_LENGTH) return false;
      this.#at = HEADER_LENGTH;
      this.#header = false;
    }
    let end = this.#at + 2;
    if (end > this.#buffer.length) return false;
    const fields = this.#buffer.readInt16BE(this.#at);
    if (fields < 0) return false;
    for (let field = 0; field < fields; field++) {
      if (end + 4 > this.#buffer.length) return false;
      end += 4 + Math.max(0, this.#buffer.readInt32BE(end));
    }
    if (end > this.#buffer.length) return false;
    this.#at += 2;
    return true;
  }

  int2(): number | null {
    if (this.#length() < 0) return null;
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  /** Returns the field as a number. Beyond ±2^53 it would lose its last digits; no stored number is that large. */
  int8(): number {
    this.#at += 12;
    return this.#buffer.readInt32BE(this.#at - 8) * 2 ** 32 + this.#buffer.readUInt32BE(this.#at - 4);
  }

  nullableInt8(): number | null {
    if (this.#buffer.readInt32BE(this.#at) < 0) {
      this.#at += 4;
      return null;
    }
    return this.int8();
  }

  float8(): number {
    this.#at += 12;
    return this.#buffer.readDoubleBE(this.#at - 8);
  }

  nullableFloat8(): number | null {
    if (this.#buffer.readInt32BE(this.#at) < 0) {
      this.#at += 4;
      return null;
    }
    return this.float8();
  }

  text(): string | null {
    const length = this.#length();
    if (length < 0) return null;
    this.#at += length;
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  #length(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }
}

/** Header of the format: the signature `PGCOPY\n\377\r\n\0`, no flags, no extension. */
const HEADER = Buffer.from([0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TRAILER = Buffer.from([0xff, 0xff]);

/** Writes rows in Postgres' binary COPY format (big-endian; each field with its length, -1 for null): no escaping, exact doubles. */
export class CopyEncoder {
  #buffer: Buffer;
  #end = 0;

  constructor(capacity = 1 << 16) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#append(HEADER);
  }

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

  /** Writes a whole number within ±2^53; null for NULL. */
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

  /** Writes a text. U+0000, which Postgres cannot store in texts, becomes U+FFFD. */
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
