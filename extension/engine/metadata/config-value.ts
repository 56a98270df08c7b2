import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';
import type { ConfigDefinition } from './config-definitions.ts';

const INTEGER_LIMITS = {
  SHORT: [-(2 ** 15), 2 ** 15 - 1],
  INT: [-(2 ** 31), 2 ** 31 - 1],
  // Doubles: the largest 64-bit integer rounds up to 2^63. Texts are compared as bigints where that matters.
  LONG: [-(2 ** 63), 2 ** 63],
} as const;

/** What Java reads as a double, but for hexadecimal digits. */
const JAVA_DOUBLE = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[fd]?)$/i;

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/**
 * The value as Kafka prints it after parsing: blanks trimmed, booleans in lower case, lists without blanks. null stays
 * null.
 *
 * @throws ApiError INVALID_CONFIG that names the config, for a value that its type or its bounds do not allow
 */
export function canonicalConfigValue(definition: ConfigDefinition, value: string | null): string | null {
  const parsed = value === null ? null : parse(definition, value);
  checkBounds(definition, parsed);
  return parsed;
}

/** Elements of a list config, trimmed. */
export function parseConfigList(value: string): string[] {
  const text = value.trim();
  return text === '' ? [] : text.split(/\s*,\s*/);
}

function parse(definition: ConfigDefinition, value: string): string {
  const text = value.trim();
  switch (definition.type) {
    case 'BOOLEAN': {
      const lower = text.toLowerCase();
      if (lower !== 'true' && lower !== 'false')
        throw invalid(definition, value, 'Expected value to be either true or false');
      return lower;
    }
    case 'INT':
    case 'SHORT': {
      const [min, max] = INTEGER_LIMITS[definition.type];
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
      if (!(number >= min && number <= max)) throw notANumber(definition, value);
      return String(number);
    }
    case 'LONG': {
      const number = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
      if (number === undefined || number < LONG_MIN || number > LONG_MAX) throw notANumber(definition, value);
      return String(number);
    }
    case 'DOUBLE': {
      if (!JAVA_DOUBLE.test(text)) throw notANumber(definition, value);
      return javaDouble(Number(text.replace(/[fd]$/i, '')));
    }
    case 'LIST': {
      const items = parseConfigList(text);
      if (definition.check?.kind === 'list' && items.includes('')) throw emptyElements(definition, value);
      // Kafka drops what is repeated, and says so in its log.
      return [...new Set(items)].join(',');
    }
    case 'STRING':
    case 'CLASS':
      return text;
    case 'PASSWORD':
    case 'UNKNOWN':
      return value;
  }
}

/** As Java prints it: always with a point, and with an exponent below 10^-3 and from 10^7 on. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const withPoint = (digits: string): string => (digits.includes('.') ? digits : `${digits}.0`);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) return withPoint(String(value));
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${withPoint(mantissa)}E${exponent.replace('+', '')}`;
}

function checkBounds(definition: ConfigDefinition, value: string | null): void {
  const { check } = definition;
  if (check === undefined) return;
  switch (check.kind) {
    case 'range': {
      if (value === null) {
        if (definition.default === null) return;
        throw invalid(definition, null, 'Value must be non-null');
      }
      const number = Number(value);
      if (check.min !== undefined && number < check.min) {
        throw invalid(definition, value, `Value must be at least ${plain(check.min)}`);
      }
      if (check.max !== undefined && number > check.max) {
        throw invalid(definition, value, `Value must be no more than ${plain(check.max)}`);
      }
      return;
    }
    case 'oneOf':
      if (value !== null && check.values.includes(value)) return;
      throw invalid(definition, value, `String must be one of: ${check.values.join(', ')}`);
    case 'oneOfIgnoringCase':
      if (value !== null && check.values.some((allowed) => allowed.toLowerCase() === value.toLowerCase())) return;
      throw invalid(definition, value, `String must be one of (case insensitive): ${check.values.join(', ')}`);
    case 'list':
      return checkList(definition, check, value);
    case 'gzipLevel': {
      const level = Number(value);
      if (level === -1 || (level >= 1 && level <= 9)) return;
      throw invalid(definition, value, 'Value must be between 1 and 9 or equal to -1');
    }
    case 'throttledReplicas':
      if (value === '*' || value === '' || parseConfigList(value ?? '').every((pair) => /^\d+:\d+$/.test(pair))) return;
      throw invalid(definition, value, "Must be the literal '*' or a list of replicas, [partitionId]:[brokerId],…");
    case 'autoOffsetReset':
      if (value === null || /^(earliest|latest|by_duration:P[\dTDHMS.]+)$/i.test(value)) return;
      throw invalid(definition, value, 'Must be earliest, latest or by_duration:<ISO-8601 duration>');
    case 'nonEmpty':
      if (value !== '') return;
      throw invalid(definition, value, 'String must be non-empty');
    case 'nonNull':
      if (value !== null) return;
      throw invalid(definition, value, 'Value must be non-null');
    case 'hostPorts':
      if (parseConfigList(value ?? '').every((entry) => /^.+:\d+$/.test(entry))) return;
      throw invalid(definition, value, 'Must be a list of host:port');
    case 'voters':
      if (parseConfigList(value ?? '').every((entry) => /^\d+@.+:\d+$/.test(entry))) return;
      throw invalid(definition, value, 'Must be a list of id@host:port');
  }
}

function checkList(
  definition: ConfigDefinition,
  check: { readonly values?: readonly string[]; readonly emptyAllowed: boolean; readonly nullAllowed: boolean },
  value: string | null,
): void {
  if (value === null) {
    if (check.nullAllowed) return;
    throw invalid(definition, null, 'null is not allowed');
  }
  const items = parseConfigList(value);
  if (items.length === 0 && !check.emptyAllowed) throw invalid(definition, value, 'The list must not be empty');
  const { values } = check;
  const unknown = values === undefined ? undefined : items.find((item) => !values.includes(item));
  if (unknown !== undefined) throw invalid(definition, value, `String must be one of: ${values?.join(', ')}`);
}

/** 2^63 and its like as Kafka writes them. */
function plain(limit: number): string {
  return Number.isSafeInteger(limit) ? String(limit) : limit > 0 ? String(LONG_MAX) : String(LONG_MIN);
}

function emptyElements(definition: ConfigDefinition, value: string): ApiError {
  return invalid(definition, value, 'The list must not have empty elements');
}

function notANumber(definition: ConfigDefinition, value: string): ApiError {
  return invalid(definition, value, `Not a number of type ${definition.type}`);
}

function invalid(definition: ConfigDefinition, value: string | null, why: string): ApiError {
  const shown = definition.type === 'PASSWORD' ? '[hidden]' : value;
  return new ApiError(ErrorCode.INVALID_CONFIG, `Invalid value ${shown} for configuration ${definition.name}: ${why}`);
}
