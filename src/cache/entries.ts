import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { PipelineRun } from '../core/domain.ts';
import type { Cached, Failure } from './freshness.ts';
import { RunTable } from './runTable.ts';
import { bytesOfText } from './sizes.ts';

/** The value of one key. Its version changes whenever the content does, and no two entries ever have the same. */
export interface Entry<Value = unknown> extends Cached<Value> {
  /** The last refresh, if it failed. */
  failure: Failure | null;
}

export interface NewEntry {
  value: unknown;
  /** When the value was last known true. */
  asOf: number;
  failure: Failure | null;
  /** How long the value stays fresh. Null if it can change at any moment. Milliseconds. */
  lastingMs: number | null;
  /** The size of the value without its runs. */
  bytes: number;
  /** The runs in the value, which the caller holds for it, and their size. Default: none. */
  runs?: readonly PipelineRun[];
  runBytes?: number;
}

interface Stored extends Entry {
  runs: readonly PipelineRun[];
  enteredAt: number;
  /** The size without the runs. */
  bytes: number;
}

/** The size of a key and an entry in their maps, without the value. */
const ENTRY_OVERHEAD_BYTES = 300;

/** The part of the bound that entries in use can take. The rest is for new ones. */
const PROTECTED_SHARE = 0.8;

/** Uses this soon after an entry is new count as one: an operation and the storing of its response read it several times. */
const FIRST_USE_MS = 1000;

/**
 * A segmented LRU cache: an entry is on probation until it is used again, and is evicted before all those that were. So a scan over
 * more entries than fit evicts only itself. The least recently used entries are evicted when all together exceed `maxBytes`.
 */
export class Entries {
  readonly runs = new RunTable();
  readonly #probation = createSegment();
  readonly #protected = createSegment();
  readonly #maxBytes: number;
  readonly #clock: Pick<Clock, 'now'>;
  #lastVersion = 0;
  #bytes = 0;

  constructor(maxBytes: number, clock: Pick<Clock, 'now'>) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** The size of everything stored. */
  get calculatedSize(): number {
    return this.#bytes + this.runs.bytes;
  }

  get size(): number {
    return this.#probation.size + this.#protected.size;
  }

  /** Records that the entry is used, if there is one. */
  use(key: string): void {
    if (this.#protected.get(key)) return;
    const entry = this.#probation.get(key);
    if (!entry || this.#clock.now() - entry.enteredAt < FIRST_USE_MS) return;
    move(key, entry, this.#probation, this.#protected);
    this.#shrinkProtected();
  }

  /** The entry, without counting as use. */
  peek(key: string): Entry | undefined {
    return this.#peek(key);
  }

  /** Stores a value under a new version. Does not store a value that alone exceeds the bound. */
  store(key: string, given: NewEntry): void {
    const { value, asOf, failure, lastingMs, runs = [], runBytes = 0 } = given;
    const before = this.#peek(key);
    const segment = this.#protected.has(key) ? this.#protected : this.#probation;
    const bytes = ENTRY_OVERHEAD_BYTES + bytesOfText(key) + Math.ceil(given.bytes);
    const stored: Stored = {
      value,
      asOf,
      failure,
      isShortLived: lastingMs === null,
      trustedUntil: asOf + (lastingMs ?? Infinity),
      version: this.nextVersion(),
      runs,
      enteredAt: before?.enteredAt ?? this.#clock.now(),
      bytes,
    };
    if (before) this.#forget(before);
    segment.set(key, stored, { size: bytes + runBytes });
    this.#bytes += bytes;
    this.#shrinkProtected();
    if (bytes + runBytes > this.#maxBytes) this.delete(key);
    else while (this.calculatedSize > this.#maxBytes && this.#evictOne(key));
  }

  delete(key: string): void {
    const stored = this.#peek(key);
    if (!stored) return;
    this.#forget(stored);
    this.#probation.delete(key);
    this.#protected.delete(key);
  }

  /** A version that no entry has had. */
  nextVersion(): number {
    return (this.#lastVersion += 1);
  }

  #peek(key: string): Stored | undefined {
    return this.#protected.peek(key) ?? this.#probation.peek(key);
  }

  #forget({ bytes, runs }: Stored): void {
    this.#bytes -= bytes;
    this.runs.release(runs);
  }

  #shrinkProtected(): void {
    while (this.#protected.calculatedSize > this.#maxBytes * PROTECTED_SHARE) {
      const [oldest = ''] = this.#protected.rkeys();
      const demoted = this.#protected.peek(oldest);
      if (demoted) move(oldest, demoted, this.#protected, this.#probation);
    }
  }

  /** Returns false if there is nothing to evict but the entry of that key. */
  #evictOne(except: string): boolean {
    for (const segment of [this.#probation, this.#protected]) {
      const [oldest = except] = segment.rkeys();
      if (oldest === except) continue;
      this.delete(oldest);
      return true;
    }
    return false;
  }
}

/** Counts sizes with shared runs in full. The bound, where they count once, is checked by `Entries`. */
function createSegment() {
  return new LRUCache<string, Stored>({ maxSize: Number.MAX_SAFE_INTEGER });
}

type Segment = ReturnType<typeof createSegment>;

function move(key: string, entry: Stored, from: Segment, to: Segment): void {
  const size = from.info(key)?.size ?? 1;
  from.delete(key);
  to.set(key, entry, { size });
}
