package peers;

import org.apache.zookeeper.server.ExpiryQueue;

/** ZooKeeper's table of sessions by bucket of expiry: without the session tracker's own checks, and without the network. */
final class ZooKeeper implements Peer {
    private final ExpiryQueue<Long> queue = new ExpiryQueue<>(2_000);
    private final Long[] sessions;

    ZooKeeper(int size) {
        sessions = new Long[size];
        for (int number = 0; number < size; number++) {
            sessions[number] = (long) number << 24;
            queue.update(sessions[number], 15_000);
        }
    }

    @Override
    public void renew(int number) {
        queue.update(sessions[number], 15_000);
    }
}
