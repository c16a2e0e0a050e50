/** Times before this are the work of a clock that was never set, or of a receiver that lost count of its weeks. */
export const BUILD_DATE_MS = Date.UTC(2026, 0, 1);
