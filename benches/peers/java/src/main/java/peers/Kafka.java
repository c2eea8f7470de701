package peers;

import org.apache.kafka.server.util.timer.SystemTimer;
import org.apache.kafka.server.util.timer.TimerTask;

/** Kafka's hierarchical wheel, as its coordinator uses it for the heartbeats of a group: cancelled and added again. */
final class Kafka implements Peer {
    private final SystemTimer timer = new SystemTimer("peer");
    private final TimerTask[] tasks;

    Kafka(int size) {
        tasks = new TimerTask[size];
        for (int number = 0; number < size; number++) {
            tasks[number] = new Expiry();
            timer.add(tasks[number]);
        }
    }

    @Override
    public void renew(int number) {
        tasks[number].cancel();
        tasks[number] = new Expiry();
        timer.add(tasks[number]);
    }

    @Override
    public void close() throws Exception {
        timer.close();
    }

    private static final class Expiry extends TimerTask {
        Expiry() {
            super(3_600_000);
        }

        @Override
        public void run() {}
    }
}
