package io.liveset.tools;

import io.liveset.Address;
import io.liveset.LeaseBatch;
import io.liveset.Policy;
import io.liveset.Registration;
import io.liveset.Registry;
import io.liveset.ServiceKey;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * What a beat costs through JNI, in batches of 1024 that the host fills, beside a random store in Java: {@code Boundary SIZE...}
 * prints a line of JSON for each size.
 */
public final class Boundary {
    private static final int BATCH = 1024;
    private static final int ROUNDS = 200;
    private static final int BEATS = 400_000;

    private final Registry registry = Registry.open(Policy.strict());
    private final LeaseBatch batch = new LeaseBatch(BATCH);
    private final long[] leases;
    private final int[] slots;
    private final long[] memory;
    private long now;

    private Boundary(int size) {
        leases = new long[size];
        slots = new int[size];
        memory = new long[size];
        for (int number = 0; number < size; number++) {
            ServiceKey service = ServiceKey.of("service-" + number / 20);
            Address address = Address.of("10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255), 8080);
            leases[number] = registry.register(0, Registration.of(service, address, "client-1")).lease();
            slots[number] = number;
        }
        Random random = new Random(1);
        for (int place = size - 1; place > 0; place--) {
            int other = random.nextInt(place + 1);
            long lease = leases[place];
            leases[place] = leases[other];
            leases[other] = lease;
            int slot = slots[place];
            slots[place] = slots[other];
            slots[other] = slot;
        }
    }

    public static void main(String[] sizes) {
        for (String size : sizes) {
            new Boundary(Integer.parseInt(size)).measure();
        }
    }

    private void measure() {
        int turns = (BEATS + leases.length - 1) / leases.length;
        double units = (double) turns * leases.length;
        double[] values = new double[ROUNDS];
        double[] references = new double[ROUNDS];
        double[] ratios = new double[ROUNDS];
        for (int round = -20; round < ROUNDS; round++) {
            long begin = System.nanoTime();
            for (int turn = 0; turn < turns; turn++) {
                beatAll();
            }
            long beaten = System.nanoTime();
            for (int turn = 0; turn < turns; turn++) {
                storeAll();
            }
            long stored = System.nanoTime();
            if (round >= 0) {
                values[round] = (beaten - begin) / units;
                references[round] = (stored - beaten) / units;
                ratios[round] = values[round] / references[round];
            }
        }
        Arrays.sort(values);
        Arrays.sort(references);
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "{\"name\":\"boundary-jni\",\"size\":%d,\"value\":%.4f,\"unit\":\"ns\",\"reference\":%.4f,\"ratio\":%.4f}%n",
                leases.length, values[ROUNDS / 4], references[ROUNDS / 4], ratios[ROUNDS / 2]);
        registry.close();
    }

    private void beatAll() {
        now++;
        for (int from = 0; from < leases.length; from += BATCH) {
            batch.clear();
            for (int place = from; place < Math.min(from + BATCH, leases.length); place++) {
                batch.add(leases[place]);
            }
            if (registry.beatMany(now, batch) > 0) {
                throw new IllegalStateException("a lease is stale");
            }
        }
    }

    private void storeAll() {
        now++;
        for (int slot : slots) {
            memory[slot] = now;
        }
    }
}
