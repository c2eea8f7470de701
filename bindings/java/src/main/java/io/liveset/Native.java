package io.liveset;

import java.nio.ByteBuffer;

/**
 * The native methods, as {@code ffi/jni} exports them: each returns a status, and what else it has in the arrays and buffers it
 * is handed. {@link NativeLibrary#load} comes before any of them.
 */
final class Native {
    /** Done. Every other status is the code of a {@link LivesetException}. */
    static final int OK = 0;
    /** A buffer is too small; nothing was consumed. */
    static final int TOO_SMALL = 604;

    private Native() {}

    static native int abiVersion();

    static native int open(byte[] policy, long seedLow, long seedHigh, long[] handle, byte[][] error);

    static native int restore(byte[] snapshot, long seedLow, long seedHigh, long[] handle, byte[][] error);

    static native int close(long handle);

    static native int beat(long handle, long now, long lease);

    static native int beatMany(long handle, long now, long[] leases, int count, long[] stale, long[] staleCount);

    static native int advance(long handle, long now);

    static native int nextDeadline(long handle, long[] deadline);

    static native int digest(long handle, long[] digest);

    static native int poll(long handle, ByteBuffer rows, int capacity, long[] count);

    static native int changes(long handle, long service, long since, ByteBuffer rows, int capacity, long[] head);

    static native int apply(long handle, long now, byte[] command, byte[][] answer);

    static native int ask(long handle, byte[] question, byte[][] answer);

    static native int snapshot(long handle, byte[][] snapshot);

    static native int play(byte[] scenario, byte[][] report);
}
