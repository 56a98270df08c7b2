import { ApiError } from '../common/api-error.ts';
import type { RecordIssue } from './partition-log.ts';

/** Some records of a batch broke a rule, so that all were refused; says which (KIP-467). */
export class InvalidRecordsError extends ApiError {
  readonly recordErrors: readonly RecordIssue[];

  constructor(code: number, message: string, recordErrors: readonly RecordIssue[]) {
    super(code, message);
    this.name = 'InvalidRecordsError';
    this.recordErrors = recordErrors;
  }
}
