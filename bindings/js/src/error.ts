/** What a {@link LivesetError} is about. The numbers are stable and the same in every language. */
export const ErrorCode = {
  /** A field is out of its bounds, of the wrong type, missing, or unknown; `field` names it. */
  invalid: 100,
  /** The document is not JSON. */
  malformed: 101,
  /** Nobody holds this lease here. What to do: register again. */
  unknownLease: 200,
  /** No such instance, present or remembered. */
  unknownInstance: 201,
  /** No such service. */
  unknownService: 202,
  /** The session is closed, or was never open. */
  unknownSession: 203,
  /** The subscription is over, or never was. */
  unknownSubscription: 204,
  /** This life of the instance was ended on purpose. What to do: stop, or come back as a newer incarnation. */
  fenced: 300,
  /** A newer life of this instance is known. */
  stale: 301,
  /** The caller holds no lease on this instance; others do. */
  notOwner: 302,
  /** The service is persistent and the instance is not, or the reverse. */
  otherKind: 303,
  /** A service that has instances is not taken away. */
  notEmpty: 304,
  /** A limit of the policy is reached; `field` names it. */
  limitReached: 400,
  /** The snapshot is damaged, or no snapshot at all. */
  corruptSnapshot: 500,
  /** The snapshot was made by a newer version. */
  newerSnapshot: 501,
  /** The registry is closed, or the wasm of `liveset/slim` is not loaded yet. */
  closed: 600,
  /** A call panicked inside this registry; it can only be closed. */
  broken: 602,
} as const;

/** One of {@link ErrorCode}; a newer core may know more. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode] | (number & {});

/** A refusal. It changes nothing: the registry is as if only time had passed, and for an argument of the wrong type or range not
 * even that. */
export class LivesetError extends Error {
  override readonly name = "LivesetError";
  /** The stable number, for programs. */
  readonly code: ErrorCode;
  /** Path of the field at fault, as in `register.content.weight`; undefined where none is. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { field?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }
}

/** An error as the core writes it. */
export interface ErrorDocument {
  code: number;
  message: string;
  field?: string;
}

/** The same as an error of this language. */
export function refusal({ code, message, field }: ErrorDocument): LivesetError {
  return new LivesetError(code, message, { field });
}
