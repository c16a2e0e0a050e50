/** What a resource answers; `location` is relative, as the real interface gives it. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly location?: string;
}

/** Python's names of the statuses that the interface uses. */
const NAMES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  422: 'UNPROCESSABLE_ENTITY',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** Thrown by resources; becomes the interface's own form of an error. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }

  answer(): Answer {
    return {
      status: this.status,
      body: { code: NAMES[this.status] ?? 'ERROR', status: this.status, detail: this.message },
    };
  }
}

/** As the real one words it: its errors are wrapped once a layer. */
export function notFound(id: string, project: string, doing = ''): Refused {
  const filter = `{'_admin.projects_read.cont': ['${project}', 'ANY'], '_id': '${id}'}`;
  return new Refused(404, `database exception database exception Not found entry with filter='${filter}'${doing}`);
}
