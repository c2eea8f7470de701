package peers;

/** A registry, a session table or a timer from somewhere else, filled with entries that can be renewed from several threads. */
public interface Peer extends AutoCloseable {
    /** Renews entry {@code number}. */
    void renew(int number) throws Exception;

    /** Waits until what the renewals began is done. */
    default void settle() throws Exception {}

    @Override
    default void close() throws Exception {}
}
