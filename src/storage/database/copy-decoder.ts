const HEADER_LENGTH = 19;

/**
 * Reads Postgres' binary COPY format from chunks that may end anywhere. Push a chunk, then read rows until `nextRow` returns false because the rest
 * is still on its way; inside a row, read its fields in order.
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

  /** Numbers beyond ±2^53 lose their last digits; none of ours is that large. */
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
