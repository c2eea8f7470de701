package io.liveset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The native registry behind a {@link Registry}, and the one lock around it. It knows nothing of the {@link Registry}, so that a
 * cleaner can hold it. After it ran, the native side answers every call with "closed".
 */
final class Handle implements Runnable {
    private static final SecureRandom SEEDS = new SecureRandom();
    private static final int NOTICE_WIDTH = 32;
    private static final int NOTICES_AT_ONCE = 256;

    /** What the native side gives to nobody. */
    private static final long NONE = 0;

    private long handle;
    private final long[] numbers = new long[4];
    private final byte[][] reply = new byte[1][];
    private final LeaseBatch batch = new LeaseBatch(0);
    private ByteBuffer notices;

    private Handle() {}

    static Handle open(Policy policy) {
        return make(policy.document(), Native::open);
    }

    static Handle restore(byte[] snapshot) {
        return make(snapshot, Native::restore);
    }

    private static Handle make(byte[] from, Maker maker) {
        NativeLibrary.load();
        Handle made = new Handle();
        int status = maker.make(from, SEEDS.nextLong(), SEEDS.nextLong(), made.numbers, made.reply);
        if (status != Native.OK) {
            throw made.reply[0] == null || made.reply[0].length == 0
                    ? LivesetException.of(status) : LivesetException.of(Node.parse(made.reply[0]));
        }
        made.handle = made.numbers[0];
        return made;
    }

    private interface Maker {
        int make(byte[] from, long seedLow, long seedHigh, long[] handle, byte[][] error);
    }

    /** Closes it; once is enough, and again is harmless. */
    @Override
    public synchronized void run() {
        Native.close(handle);
        handle = NONE;
    }

    synchronized void beat(long now, long lease) {
        check(Native.beat(handle, now, lease));
    }

    synchronized int beatMany(long now, LeaseBatch leases) {
        leases.staleCount(0);
        check(Native.beatMany(handle, now, leases.leases(), leases.size(), leases.stale(), numbers));
        leases.staleCount((int) numbers[0]);
        return leases.staleCount();
    }

    synchronized long[] beatMany(long now, long[] leases) {
        batch.fill(leases);
        return Arrays.copyOf(batch.stale(), beatMany(now, batch));
    }

    synchronized void advance(long now) {
        check(Native.advance(handle, now));
    }

    /** -1 where no deadline is pending. */
    synchronized long nextDeadline() {
        check(Native.nextDeadline(handle, numbers));
        return numbers[0];
    }

    synchronized long digest() {
        check(Native.digest(handle, numbers));
        return numbers[0];
    }

    synchronized List<Notice> poll(int max) {
        if (notices == null) {
            notices = ByteBuffer.allocateDirect(NOTICES_AT_ONCE * NOTICE_WIDTH).order(ByteOrder.nativeOrder());
        }
        List<Notice> taken = new ArrayList<>();
        while (taken.size() < max) {
            int asked = Math.min(max - taken.size(), NOTICES_AT_ONCE);
            check(Native.poll(handle, notices, asked, numbers));
            int count = (int) numbers[0];
            for (int row = 0; row < count; row++) {
                taken.add(notice(row * NOTICE_WIDTH));
            }
            if (count < asked) {
                break;
            }
        }
        return taken;
    }

    private Notice notice(int at) {
        long kind = notices.getLong(at);
        long subject = notices.getLong(at + 8);
        if (kind == 1) {
            return new Notice.Changed(subject, notices.getLong(at + 16), notices.getLong(at + 24));
        }
        return new Notice.Probe(subject);
    }

    synchronized void changes(long service, long since, ChangeRows into) {
        int status = Native.changes(handle, service, since, into.buffer(), into.capacity(), numbers);
        if (status == Native.TOO_SMALL) {
            into.grow(numbers[1]);
            status = Native.changes(handle, service, since, into.buffer(), into.capacity(), numbers);
        }
        check(status);
        into.fill(numbers);
    }

    synchronized byte[] apply(long now, byte[] command) {
        return answer(Native.apply(handle, now, command, reply));
    }

    synchronized byte[] ask(byte[] question) {
        return answer(Native.ask(handle, question, reply));
    }

    synchronized byte[] snapshot() {
        return answer(Native.snapshot(handle, reply));
    }

    private byte[] answer(int status) {
        byte[] found = reply[0];
        reply[0] = null;
        if (status == Native.OK) {
            return found;
        }
        throw found == null ? LivesetException.of(status) : LivesetException.of(Node.parse(found).at("error"));
    }

    private static void check(int status) {
        if (status != Native.OK) {
            throw LivesetException.of(status);
        }
    }
}
