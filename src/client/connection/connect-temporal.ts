import { connect } from 'node:net';
import { Connection, type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { messageOf } from '../../contracts/errors.ts';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;

/** gRPC's status code of an aborted call. */
const CANCELLED = 1;

/** Splits an address into host and port; the default port is 7233. */
export const placeOf = (address: string): { host: string; port: number } => {
  const [, host = address, port = '7233'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { host, port: Number(port) };
};

/** Rejects when nothing listens on an address; never resolves. Without it, the SDK would retry until its deadline. */
const refusal = (address: string, stop: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const socket = connect({ ...placeOf(address), signal: stop });
    socket.unref();
    socket.on('connect', () => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error);
    });
  });

/** Connects like `connectTemporal`, and fails immediately when nothing listens on the address. */
export async function connectOrRefuse(options: ConnectionOptions & { readonly address: string }): Promise<Connection> {
  const stop = new AbortController();
  const connecting = connectTemporal(options);
  try {
    return await Promise.race([connecting, refusal(options.address, stop.signal)]);
  } catch (error) {
    // The SDK may still connect after that; close such a connection.
    connecting.then(
      (late) => late.close(),
      () => undefined,
    );
    throw error;
  } finally {
    stop.abort();
  }
}

/**
 * Connects with the SDK's own retries. Unlike the SDK's connection, this one may be closed at any moment: the SDK starts each retry in a
 * timer, and a retry on a closed channel would throw an uncaught error that ends the process.
 */
export const connectTemporal = async (options: ConnectionOptions): Promise<Connection> =>
  await Connection.connect({ ...options, interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), untilClosed] });

/**
 * Turns the error of a call on a closed channel into an aborted call. It is the innermost interceptor, so that the SDK does not retry the
 * call. The cast is needed because the type asks for the SDK's class, of which the retries use only the methods.
 */
const untilClosed = ((options, nextCall) => {
  try {
    return nextCall(options);
  } catch (error) {
    return abortedCall(messageOf(error));
  }
}) as Interceptor;

function abortedCall(details: string): Call {
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
