/**
 * What the Messages view of one topic asks and is told. The host keeps a bounded window of records; those that pass the
 * filter have consecutive places, counted from 0 since the filter was last changed, which never change while they are
 * kept. The view pulls pages of them by place.
 */

/** Rows per page. A page starts at a multiple of it. */
export const MESSAGES_PAGE_SIZE = 100;

/** Where reading begins. */
export type MessagesFrom =
  | { readonly kind: 'beginning' }
  /** Only what arrives from now on. */
  | { readonly kind: 'end' }
  /** So many offsets before the end of each partition. */
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'timestamp'; readonly timestampMs: number };

/** All parts must hold. */
export interface MessagesFilter {
  /** Sorted; null for all. */
  readonly partitions: readonly number[] | null;
  /** Timestamps from `fromMs` inclusive to `toMs` exclusive; `lastMs` counts back from now instead. */
  readonly time: TimeFilter | null;
  /** Contained in key, value or a header, whatever the case; empty for any. */
  readonly text: string;
}

export type TimeFilter =
  | { readonly kind: 'last'; readonly lastMs: number }
  | { readonly kind: 'range'; readonly fromMs: number; readonly toMs: number };

export const NO_FILTER: MessagesFilter = { partitions: null, time: null, text: '' };

export type MessagesReading =
  | { readonly state: 'loading' }
  /** Behind the end of the topic and catching up; `share` is 0 to 1, null when unknown. */
  | { readonly state: 'reading'; readonly share: number | null }
  | { readonly state: 'live' }
  /** A broker does not answer; it is tried again. */
  | { readonly state: 'waiting'; readonly message: string }
  | { readonly state: 'paused' }
  /** The buffer is full of what was asked for; reading goes on when the person says so, and drops the oldest. */
  | { readonly state: 'full' }
  | { readonly state: 'disconnected'; readonly message: string; readonly next: 'start' | 'retry' }
  | { readonly state: 'gone' };

/** A row of the grid. A note is about bytes that are no records: a corrupt batch, say. */
export type MessageRow = RecordRow | NoteRow;

export interface RecordRow {
  readonly kind: 'record';
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: BytesPreview | null;
  /** null is a tombstone. */
  readonly value: BytesPreview | null;
  readonly headerCount: number;
}

export interface NoteRow {
  readonly kind: 'note';
  readonly partition: number;
  readonly offset: number;
  readonly message: string;
}

/** The beginning of a key or value, on one line: text, or hex where the bytes are no text. */
export interface BytesPreview {
  readonly text: string;
  readonly binary: boolean;
  readonly sizeBytes: number;
}

export interface MessagesStatus {
  readonly topic: string;
  readonly cluster: string;
  /** The only partition that is read; null for all. */
  readonly partition: number | null;
  readonly from: MessagesFrom;
  readonly reading: MessagesReading;
  readonly filter: MessagesFilter;
  /** Grows with every change of filter, seek and clear: places of different revisions have nothing in common. */
  readonly revision: number;
  /** Places that pass the filter and are kept: `first` inclusive, `end` exclusive. */
  readonly first: number;
  readonly end: number;
  /** Records kept, whatever the filter says. */
  readonly buffered: number;
  readonly capacity: number;
  readonly undecodable: number;
  /** Sorted; all of the topic. */
  readonly partitions: readonly number[];
  /** Partitions of the records kept that pass the filter, sorted. */
  readonly shownPartitions: readonly number[];
  /** Applying a new filter to the buffer: 0 to 1; null when done. */
  readonly filtering: number | null;
  readonly histogram: Histogram | null;
}

/** Records over time, whatever the time filter says, so that a brushed range keeps its surroundings. */
export interface Histogram {
  readonly fromMs: number;
  readonly binMs: number;
  readonly counts: readonly number[];
}

export interface MessageHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface MessageDetail {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly timestampType: 'create' | 'logAppend';
  readonly key: DetailBytes | null;
  readonly value: DetailBytes | null;
  readonly headers: readonly MessageHeader[];
}

/** Up to {@link DETAIL_LIMIT_BYTES} of a key or value. */
export interface DetailBytes {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
}

export const DETAIL_LIMIT_BYTES = 256 * 1024;

export type MessagePart = 'key' | 'value';
export type BytesFormat = 'text' | 'json' | 'hex';

export interface MessagePlace {
  readonly revision: number;
  readonly place: number;
}

export type MessagesContract = {
  readonly requests: {
    readonly open: { readonly params: null; readonly result: MessagesStatus };
    /** Null when the revision has passed. Places that were dropped meanwhile are left out; `first` says where it begins. */
    readonly page: {
      readonly params: MessagePlace;
      readonly result: { readonly first: number; readonly rows: readonly MessageRow[] } | null;
    };
    readonly detail: { readonly params: MessagePlace; readonly result: MessageDetail | null };
    readonly filter: { readonly params: MessagesFilter; readonly result: null };
    /** Asks the person where to read from, unless told. */
    readonly seek: { readonly params: { readonly from?: MessagesFrom }; readonly result: null };
    readonly pause: { readonly params: null; readonly result: null };
    /** Goes on after a pause, or past a full buffer. */
    readonly resume: { readonly params: null; readonly result: null };
    readonly clear: { readonly params: null; readonly result: null };
    readonly retry: { readonly params: null; readonly result: null };
    readonly startCluster: { readonly params: null; readonly result: null };
    readonly produce: { readonly params: null; readonly result: null };
    readonly close: { readonly params: null; readonly result: null };
    readonly copy: {
      readonly params: MessagePlace & { readonly part: MessagePart; readonly format: BytesFormat };
      readonly result: null;
    };
    readonly openInEditor: {
      readonly params: MessagePlace & { readonly part: MessagePart; readonly format: BytesFormat };
      readonly result: null;
    };
  };
  readonly events: {
    readonly status: MessagesStatus;
  };
};

/** What the view keeps over a reload of the window. */
export interface MessagesState {
  readonly cluster: string;
  readonly topic: string;
  readonly partition?: number;
  readonly from: MessagesFrom;
  readonly filter: MessagesFilter;
  readonly exactTimes?: boolean;
  readonly split?: number;
}
