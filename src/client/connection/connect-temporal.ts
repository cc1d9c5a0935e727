import { connect } from 'node:net';
import { Connection, type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { messageOf } from '../../contracts/errors.ts';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;

/** gRPC's code of an aborted call. */
const CANCELLED = 1;

/** The host and port of an address, by default port 7233. */
export const placeOf = (address: string): { host: string; port: number } => {
  const [, host = address, port = '7233'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { host, port: Number(port) };
};

/** Rejects when nothing listens on an address; otherwise never settles. The SDK alone would retry until its deadline. */
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
    // The connection may still be made: close it then.
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
 * Connects with the SDK's own retries, made safe to close at any moment. The SDK starts each retry in a timer; if the channel is closed
 * meanwhile, the retry throws an uncaught error that ends the process.
 */
export const connectTemporal = async (options: ConnectionOptions): Promise<Connection> =>
  await Connection.connect({ ...options, interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), untilClosed] });

/**
 * The innermost interceptor, so that the retries see its answer and do not repeat an aborted call.
 * The type requires the class of a call, but the retries need only its interface.
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
