package peers;

import java.util.concurrent.ConcurrentHashMap;

/** The floor: a map from a text to a deadline, with the clock read. */
final class Floor implements Peer {
    private final String[] keys;
    private final ConcurrentHashMap<String, long[]> deadlines;

    Floor(int size) {
        keys = Names.keys(size);
        deadlines = new ConcurrentHashMap<>(size * 2);
        for (String key : keys) {
            deadlines.put(key, new long[1]);
        }
    }

    @Override
    public void renew(int number) {
        deadlines.get(keys[number])[0] = System.currentTimeMillis() + 15_000;
    }
}
