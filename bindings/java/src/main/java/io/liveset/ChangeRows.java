package io.liveset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Room for the changes of a service, to be reused: {@link Registry#changes} fills it, and reading it makes no objects.
 * Not for several threads at once.
 */
public final class ChangeRows {
    private static final int WIDTH = 24;
    private static final int ROWS_AT_FIRST = 64;

    private ByteBuffer rows = direct(ROWS_AT_FIRST);
    private int size;
    private long revision;
    private boolean full;
    private boolean protectedNow;

    /** Without any rows yet; the room grows as it is needed. */
    public ChangeRows() {}

    /** How many rows there are. */
    public int size() {
        return size;
    }

    /** The revision that these rows lead to; ask with it next time. */
    public long revision() {
        return revision;
    }

    /** True when the rows are the whole service: what is not among them is gone. It is so for a reader too far behind. */
    public boolean full() {
        return full;
    }

    /** Whether protection is in force: consumers treat every served instance as healthy. */
    public boolean protectedNow() {
        return protectedNow;
    }

    /** Which instance row {@code index} is about. */
    public long instance(int index) {
        return rows.getLong(at(index));
    }

    /** The revision that brought row {@code index}. */
    public long revision(int index) {
        return rows.getLong(at(index) + 8);
    }

    /** The state bits of row {@code index}, as the constants of {@link Change} name them; 0 when the instance is gone. */
    public int state(int index) {
        return rows.getInt(at(index) + 16);
    }

    /** Why row {@code index} is as it is. */
    public Cause cause(int index) {
        return Cause.of(rows.getInt(at(index) + 20));
    }

    /** Row {@code index} as an object. Rows are oldest change first; a full list is in the order of the members. */
    public Change get(int index) {
        return new Change(instance(index), revision(index), state(index), cause(index));
    }

    private int at(int index) {
        return Objects.checkIndex(index, size) * WIDTH;
    }

    ByteBuffer buffer() {
        return rows;
    }

    int capacity() {
        return rows.capacity() / WIDTH;
    }

    void grow(long needed) {
        rows = direct(Math.toIntExact(Math.max(needed, capacity() * 2L)));
    }

    void fill(long[] head) {
        revision = head[0];
        size = (int) head[1];
        full = head[2] != 0;
        protectedNow = head[3] != 0;
    }

    private static ByteBuffer direct(int rows) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(rows, WIDTH)).order(ByteOrder.nativeOrder());
    }
}
