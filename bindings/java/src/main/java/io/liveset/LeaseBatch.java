package io.liveset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Leases that beat together. A host fills it once and hands it to {@link Registry#beatMany(long, LeaseBatch)} at every beat: the ids
 * stand in a direct buffer that the core reads in place. Afterwards {@link #stale} names the leases that nobody holds any more.
 * Not for several threads at once.
 */
public final class LeaseBatch {
    private ByteBuffer leases;
    private ByteBuffer stale;
    private int size;
    private int staleCount;

    /** An empty batch with room for {@code capacity} leases; it grows when more are added. */
    public LeaseBatch(int capacity) {
        if (capacity < 0) {
            throw LivesetException.invalid("capacity", capacity, "0 or more");
        }
        leases = direct(capacity);
        stale = direct(capacity);
    }

    /** Adds a lease; refuses what is no id at all (negative, or from 2^53 on). */
    public LeaseBatch add(long lease) {
        Document.exact("lease", lease);
        reserve(size + 1);
        leases.putLong(size++ * Long.BYTES, lease);
        return this;
    }

    /** Replaces the lease at {@code index}. */
    public void set(int index, long lease) {
        leases.putLong(Objects.checkIndex(index, size) * Long.BYTES, Document.exact("lease", lease));
    }

    /** The lease at {@code index}. */
    public long get(int index) {
        return leases.getLong(Objects.checkIndex(index, size) * Long.BYTES);
    }

    /** How many leases beat. */
    public int size() {
        return size;
    }

    /** Takes all leases out. */
    public void clear() {
        size = 0;
        staleCount = 0;
    }

    /** How many leases of the last beat nobody holds any more. */
    public int staleCount() {
        return staleCount;
    }

    /** Stale lease {@code index} of the last beat, in the order of the batch. What to do: register again. */
    public long stale(int index) {
        return stale.getLong(Objects.checkIndex(index, staleCount) * Long.BYTES);
    }

    /** Makes these the leases. */
    void fill(long[] ids) {
        long bits = 0;
        for (long id : ids) {
            bits |= id;
        }
        if (bits >>> 53 != 0) {
            for (int index = 0; index < ids.length; index++) {
                Document.exact("leases[" + index + "]", ids[index]);
            }
        }
        clear();
        reserve(ids.length);
        leases.asLongBuffer().put(ids);
        size = ids.length;
    }

    ByteBuffer leases() {
        return leases;
    }

    ByteBuffer stale() {
        return stale;
    }

    void staleCount(int count) {
        staleCount = count;
    }

    private void reserve(int needed) {
        int capacity = leases.capacity() / Long.BYTES;
        if (needed <= capacity) {
            return;
        }
        int more = Math.max(needed, capacity * 2);
        ByteBuffer moved = direct(more);
        moved.put(0, leases, 0, size * Long.BYTES);
        leases = moved;
        stale = direct(more);
        staleCount = 0;
    }

    private static ByteBuffer direct(int ids) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(ids, Long.BYTES)).order(ByteOrder.nativeOrder());
    }
}
