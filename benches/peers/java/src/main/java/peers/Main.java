package peers;

import io.liveset.Address;
import io.liveset.LeaseBatch;
import io.liveset.Policy;
import io.liveset.Registration;
import io.liveset.Registry;
import io.liveset.ServiceKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A renewal in peers from the Java world, in turns with a beat of liveset through JNI in batches of 1024, and the list of a service in
 * Nacos, in turns with the same in liveset: {@code Main SIZE...} prints a line of JSON for each peer, on one thread and on two.
 */
public final class Main {
    private static final int BATCH = 1024;
    private static final int WARM_UP = 10;
    private static final int ROUNDS = 20;
    private static final int LISTED = 1_000;

    /** Makes a peer with as many entries. */
    private interface Maker {
        Peer make(int size) throws Exception;
    }

    /** Does something some times; returns the time of each, in ns. */
    private interface Round {
        double run() throws Exception;
    }

    private static final Map<String, Maker> PEERS = new LinkedHashMap<>();

    static {
        PEERS.put("ConcurrentHashMap", Floor::new);
        PEERS.put("ZooKeeper ExpiryQueue.update", ZooKeeper::new);
        PEERS.put("Kafka SystemTimer cancel+add", Kafka::new);
        PEERS.put("Netty HashedWheelTimer cancel+newTimeout", Netty::new);
        PEERS.put("Eureka renew", Eureka::new);
        PEERS.put("Nacos handleBeat", Nacos::new);
    }

    private final Registry registry = Registry.open(Policy.strict());
    private final ExecutorService pool = Executors.newFixedThreadPool(2);
    private final int[] order;
    private final long[] beating;
    private long now;

    private Main(int size) {
        order = shuffled(size);
        beating = new long[size];
        for (int number = 0; number < size; number++) {
            Registration claim =
                    Registration.of(ServiceKey.of(Names.service(number)), Address.of(Names.host(number), 8080), "client-1");
            beating[number] = registry.register(0, claim).lease();
        }
        long[] leases = beating.clone();
        for (int place = 0; place < size; place++) {
            beating[place] = leases[order[place]];
        }
    }

    public static void main(String[] sizes) throws Exception {
        for (String size : sizes) {
            Main main = new Main(Integer.parseInt(size));
            for (Map.Entry<String, Maker> entry : PEERS.entrySet()) {
                try (Peer peer = entry.getValue().make(main.order.length)) {
                    main.compareRenewals(entry.getKey(), peer, 1);
                    main.compareRenewals(entry.getKey() + ", 2 threads", peer, 2);
                } catch (Exception | LinkageError problem) {
                    System.err.println("peers: " + entry.getKey() + " cannot be driven: " + problem);
                    problem.printStackTrace();
                }
            }
            main.pool.shutdown();
            main.registry.close();
        }
        compareLists();
        System.exit(0);
    }

    /** A service of a thousand: the whole list in both, and what each does where only one of them changed, or none. */
    private static void compareLists() throws Exception {
        try (NacosLists nacos = new NacosLists(LISTED); Lists lists = new Lists(LISTED)) {
            compare("Nacos getPushData, whole list", LISTED, () -> each(nacos::made, 200), () -> each(lists::whole, 2_000));
            compare("Nacos getPushData, one change", LISTED, () -> each(nacos::made, 200), () -> each(lists::one, 200_000));
            compare("Nacos getData, no change", LISTED, () -> each(nacos::kept, 200_000), () -> each(lists::none, 200_000));
        } catch (Exception | LinkageError problem) {
            System.err.println("peers: Nacos's lists cannot be driven: " + problem);
            problem.printStackTrace();
        }
    }

    private void compareRenewals(String name, Peer peer, int threads) throws Exception {
        List<LeaseBatch> batches = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            batches.add(new LeaseBatch(BATCH));
        }
        Round renewals = () -> timed(threads, thread -> renew(peer, share(thread, threads), share(thread + 1, threads)));
        Round beats = () -> {
            now++;
            return timed(threads, thread -> beat(batches.get(thread), share(thread, threads), share(thread + 1, threads)));
        };
        compare(name, order.length, renewals, beats);
    }

    private static void compare(String name, int size, Round subject, Round reference) throws Exception {
        double[] values = new double[ROUNDS];
        double[] references = new double[ROUNDS];
        double[] ratios = new double[ROUNDS];
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            double value = subject.run();
            double beside = reference.run();
            if (round >= 0) {
                values[round] = value;
                references[round] = beside;
                ratios[round] = value / beside;
            }
        }
        Arrays.sort(values);
        Arrays.sort(references);
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "{\"name\":\"peer: %s\",\"size\":%d,\"value\":%.4f,\"unit\":\"ns\",\"reference\":%.4f,\"ratio\":%.4f}%n",
                name, size, values[ROUNDS / 4], references[ROUNDS / 4], ratios[ROUNDS / 2]);
    }

    private static double each(Runnable work, int times) {
        long begin = System.nanoTime();
        for (int time = 0; time < times; time++) {
            work.run();
        }
        return (System.nanoTime() - begin) / (double) times;
    }

    private int share(int thread, int threads) {
        return (int) ((long) order.length * thread / threads);
    }

    private void renew(Peer peer, int from, int to) throws Exception {
        for (int place = from; place < to; place++) {
            peer.renew(order[place]);
        }
        peer.settle();
    }

    private void beat(LeaseBatch batch, int from, int to) {
        for (int first = from; first < to; first += BATCH) {
            batch.clear();
            for (int place = first; place < Math.min(first + BATCH, to); place++) {
                batch.add(beating[place]);
            }
            if (registry.beatMany(now, batch) > 0) {
                throw new IllegalStateException("a lease is stale");
            }
        }
    }

    /** Work of one thread. */
    private interface Work {
        void run(int thread) throws Exception;
    }

    /** The time of work on all, in ns each, with every thread doing its share. */
    private double timed(int threads, Work work) throws Exception {
        long begin = System.nanoTime();
        if (threads == 1) {
            work.run(0);
        } else {
            List<Callable<Void>> parts = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int part = thread;
                parts.add(() -> {
                    work.run(part);
                    return null;
                });
            }
            for (Future<Void> done : pool.invokeAll(parts)) {
                done.get();
            }
        }
        return (System.nanoTime() - begin) / (double) order.length;
    }

    private static int[] shuffled(int size) {
        int[] order = new int[size];
        Arrays.setAll(order, number -> number);
        Random random = new Random(1);
        for (int place = size - 1; place > 0; place--) {
            int other = random.nextInt(place + 1);
            int number = order[place];
            order[place] = order[other];
            order[other] = number;
        }
        return order;
    }
}
