package io.liveset;

import java.util.Arrays;
import java.util.Objects;

/**
 * Leases that beat together. A host fills it once and hands it to {@link Registry#beatMany(long, LeaseBatch)} at every beat; nothing is
 * allocated for that. Afterwards {@link #stale} names the leases that nobody holds any more. Not for several threads at once.
 */
public final class LeaseBatch {
    private long[] leases;
    private long[] stale;
    private int size;
    private int staleCount;

    /** An empty batch with room for {@code capacity} leases; it grows when more are added. */
    public LeaseBatch(int capacity) {
        if (capacity < 0) {
            throw LivesetException.invalid("capacity", capacity, "0 or more");
        }
        leases = new long[capacity];
        stale = new long[capacity];
    }

    /** Adds a lease; refuses what is no id at all (negative, or from 2^53 on). */
    public LeaseBatch add(long lease) {
        Document.exact("lease", lease);
        reserve(size + 1);
        leases[size++] = lease;
        return this;
    }

    /** Replaces the lease at {@code index}. */
    public void set(int index, long lease) {
        leases[Objects.checkIndex(index, size)] = Document.exact("lease", lease);
    }

    /** The lease at {@code index}. */
    public long get(int index) {
        return leases[Objects.checkIndex(index, size)];
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
        return stale[Objects.checkIndex(index, staleCount)];
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
        System.arraycopy(ids, 0, leases, 0, ids.length);
        size = ids.length;
    }

    long[] leases() {
        return leases;
    }

    long[] stale() {
        return stale;
    }

    void staleCount(int count) {
        staleCount = count;
    }

    private void reserve(int needed) {
        if (needed > leases.length) {
            int more = Math.max(needed, leases.length * 2);
            leases = Arrays.copyOf(leases, more);
            stale = Arrays.copyOf(stale, more);
        }
    }
}
