import { fault } from '../../../protocol/errors.js';
import type { Row } from '../driver.js';

/** Columns of a row as the driver gives them; STORE_SCHEMA where one is not of the type that it should be. */

export const bigintOf = (row: Row, column: string): number => Number(typed<bigint>(row, column, 'bigint'));
export const intOf = (row: Row, column: string): number => typed(row, column, 'number');
export const textOf = (row: Row, column: string): string => typed(row, column, 'string');

export function blobOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw fault('STORE_SCHEMA', `column ${column} is no blob`);
}

function typed<T extends string | number | bigint>(row: Row, column: string, type: string): T {
  const value = row[column];
  if (typeof value !== type) throw fault('STORE_SCHEMA', `column ${column} is ${typeof value}, not ${type}`);
  return value as T;
}
