import { Connection, type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { messageOf } from '../contracts/errors.ts';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;

/** gRPC's code of a call that was given up. */
const CANCELLED = 1;

/**
 * Connects with the SDK's own retries of calls, made safe to close at any moment: the SDK makes the next attempt in a timer, and on a
 * channel that was closed meanwhile that throws where nobody can catch it, which ends the process.
 */
export const connectTemporal = async (options: ConnectionOptions): Promise<Connection> =>
  await Connection.connect({ ...options, interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), untilClosed] });

/**
 * Innermost, so that what it answers is what the retries see: a call that was given up is not tried again. They use a call by its
 * interface; only the type of an interceptor asks for the class.
 */
const untilClosed = ((options, nextCall) => {
  try {
    return nextCall(options);
  } catch (error) {
    return givenUp(messageOf(error));
  }
}) as Interceptor;

/** A call that ends as soon as it is started. */
function givenUp(details: string): Call {
  const nothing = (): void => undefined;
  return {
    start(metadata, listener) {
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata });
    },
    getPeer: () => '',
    getAuthContext: () => null,
    cancelWithStatus: nothing,
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
  };
}
