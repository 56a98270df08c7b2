import { ErrorCode } from '../../protocol/errors.ts';
import { ApiError } from '../common/api-error.ts';

const MAX_LENGTH = 249;
const LEGAL = /^[a-zA-Z0-9._-]+$/;

/** What is wrong with a topic's name; undefined when nothing is. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.' || name === '..') return `'${name}' is not allowed`;
  if (name.length > MAX_LENGTH) return `'${name}' has ${name.length} characters, more than ${MAX_LENGTH}`;
  if (!LEGAL.test(name)) return `'${name}' has other characters than ASCII letters, digits, '.', '_' and '-'`;
  return undefined;
}

export function isLegalTopicName(name: string): boolean {
  return topicNameFault(name) === undefined;
}

/** @throws ApiError INVALID_TOPIC_EXCEPTION that says what is wrong */
export function checkTopicName(name: string): void {
  const fault = topicNameFault(name);
  if (fault !== undefined) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${fault}`);
}

/** The same for names that collide: metrics turn '.' into '_', so that two such topics could not be told apart. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}
