package peers;

import io.liveset.Address;
import io.liveset.ChangeRows;
import io.liveset.Content;
import io.liveset.Policy;
import io.liveset.Registration;
import io.liveset.Registry;
import io.liveset.ServiceKey;

/** The list of one service in liveset, through JNI, right after one of its instances changed. */
final class Lists implements AutoCloseable {
    private final Registry registry = Registry.open(Policy.strict());
    private final ChangeRows rows = new ChangeRows();
    private final long service;
    private final long revision;
    private final int size;

    Lists(int size) {
        this.size = size;
        ServiceKey listed = ServiceKey.of("listed");
        for (int number = 0; number < size; number++) {
            registry.register(0, Registration.of(listed, Address.of(Names.host(number), 8080), "client-1"));
        }
        Registration changed = Registration.of(listed, Address.of(Names.host(size / 2), 8080), "client-1");
        service = registry.register(0, changed.withContent(Content.DEFAULT.withWeight(2))).service();
        registry.changes(service, 0, rows);
        revision = rows.revision();
    }

    /** Every row, for a reader who has none. */
    void whole() {
        read(0, size);
    }

    /** The row that changed, for a reader who has the others. */
    void one() {
        read(revision - 1, 1);
    }

    /** Nothing, for a reader who has them all. */
    void none() {
        read(revision, 0);
    }

    private void read(long since, int expected) {
        registry.changes(service, since, rows);
        if (rows.size() != expected || rows.full() != (since == 0)) {
            throw new IllegalStateException("liveset lists " + rows.size());
        }
    }

    @Override
    public void close() {
        registry.close();
    }
}
