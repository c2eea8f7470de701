package io.liveset;

/**
 * The newest state of one instance after a revision.
 *
 * @param instance which; {@link Registry#instanceName} has the names behind it, to be read once, when an id is first seen
 * @param revision the service's revision that brought it
 * @param state bits, as the constants here name them; 0 when it is gone
 * @param cause why
 */
public record Change(long instance, long revision, int state, Cause cause) {
    /** It is there: some lease holds it. */
    public static final int PRESENT = 1;
    /** At least one lease is alive. */
    public static final int HEALTHY = 1 << 1;
    /** Provider and operator let it have traffic, as the policy joins the two. */
    public static final int ENABLED = 1 << 2;
    /** Consumers get it: present and enabled. Health is a mark on it, not a condition. */
    public static final int SERVED = 1 << 3;
    /** An operator's override is in force. */
    public static final int OVERRIDDEN = 1 << 4;
    /** More than one source holds it. */
    public static final int SHARED = 1 << 5;

    /** Whether all of {@code bits} are set. */
    public boolean is(int bits) {
        return (state & bits) == bits;
    }
}
