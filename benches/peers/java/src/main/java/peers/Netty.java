package peers;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import java.util.concurrent.TimeUnit;

/** Netty's wheel, which Java clients of registries use for heartbeats and idle peers: cancelled and added again. */
final class Netty implements Peer {
    private final HashedWheelTimer timer = new HashedWheelTimer(100, TimeUnit.MILLISECONDS, 512);
    private final Timeout[] timeouts;

    Netty(int size) {
        timeouts = new Timeout[size];
        for (int number = 0; number < size; number++) {
            timeouts[number] = timer.newTimeout(timeout -> {}, 1, TimeUnit.HOURS);
        }
    }

    @Override
    public void renew(int number) {
        timeouts[number].cancel();
        timeouts[number] = timer.newTimeout(timeout -> {}, 1, TimeUnit.HOURS);
    }

    @Override
    public void close() {
        timer.stop();
    }
}
